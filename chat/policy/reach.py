"""Whom somebody may write to for the first time, or bring into a group. Pure.

    blocked by them              no
    they wrote to them (1:1)     yes, whatever the setting
    everyone may write           yes
    acquainted: share a group    if they do
    nobody                       no

All refusals are one code, NOT_REACHABLE: a stranger does not learn whether it is a setting or a block.
"""

from typing import Literal

Writers = Literal["everyone", "acquainted", "nobody"]


def may_reach(writers: Writers, has_blocked: bool, have_talked: bool, are_acquainted: bool) -> bool:
    if has_blocked:
        return False
    return have_talked or writers == "everyone" or (writers == "acquainted" and are_acquainted)
