"""What routes take, as far as it is not a frame's own model already. Every rule is that of the frames (strict, the
same types); what is said in the address is not said again in the body."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chat.protocol.frames import Frame, Id
from chat.web.account import PASSWORD_CHARS, Name

Username = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=r"^[^\x00]*$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_CHARS, pattern=r"^[^\x00]*$")]


class NewAccount(Frame):
    """A person, and their first device. `username`: 3 to 30 letters a-z, digits, dots, dashes or underscores;
    `name`: what others see; `device`: what the device is called in the settings."""

    username: Username
    password: Password
    name: Name = ""
    device: Name = ""


class SignIn(Frame):
    """`name`: what the device is called in the settings. `device_id`: this very device signs in again, and keeps its
    positions."""

    username: Username
    password: Password
    name: Name = ""
    device_id: Annotated[Id | None, Field(description="One's own, not revoked.")] = None
