"""Attachments in S3: a messenger whose settings name a bucket, its own web processes and workers, the real library."""

import asyncio
import io
import os
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.acceptance.app import apps, code_of
from tests.acceptance.bucket import Bucket
from tests.acceptance.conftest import Cast, enrol_cast
from tests.acceptance.servers import House
from tests.acceptance.uploading import address, begin, fetch, patch, picture, upload

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("house-s3")]

# Larger than what the library puts in one request.
LARGE = 9_000_000


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with Bucket() as bucket:
        yield bucket


@pytest.fixture(scope="module")
def house(bucket: Bucket) -> Iterator[House]:
    with House(web=1, server="uvicorn", environment=bucket.environment) as house:
        yield house


@pytest.fixture
def cast(house: House) -> Cast:
    return enrol_cast(house)


def key(variant: str, attachment: str) -> str:
    return f"{variant}/{attachment[-2:]}/{attachment}"


async def test_a_picture_goes_into_the_bucket_and_comes_out_of_it(house: House, cast: Cast, bucket: Bucket) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        sent = await upload(alice, picture((1_000, 500)), "wide.png")
        file = sent["id"]
        await alice.send(conv, "with", attachments=[file])
        whole = bucket.objects[key("files", file)]
        assert not (house.folder / "media" / "files").exists()
        assert len(whole) == sent["size"]
        assert (await fetch(bob, file)).content == whole
        for asked, wanted in (("0-99", whole[:100]), ("100-", whole[100:]), ("-7", whole[-7:])):
            part = await fetch(bob, file, Range=f"bytes={asked}")
            assert (part.status_code, part.content) == (206, wanted)
        urls = await address(bob, file)
        async with asyncio.timeout(60):
            while (answer := await bob.http.get(urls["thumbnail_url"])).status_code == 404:
                await asyncio.sleep(0.1)
        small = Image.open(io.BytesIO(answer.content))
        assert (small.format, small.size) == ("WEBP", (480, 240))
        assert bucket.objects[key("thumbnails", file)] == answer.content
        await alice.told("DELETE", f"/conversations/{conv}/messages/1", params={"for": "all"})
        assert code_of(await bob.http.get(urls["url"])) == (404, "NOT_FOUND")
        house.manage("shell", "-c", "from chat.media.sweep import tidy; tidy()")
        assert not [name for name in bucket.objects if file in name]


async def test_a_large_file_goes_in_parts(house: House, cast: Cast, bucket: Bucket) -> None:
    content = os.urandom(LARGE)
    async with apps(house, cast.alice.username) as (alice,):
        file = (await upload(alice, content))["id"]
        assert len(bucket.parts) == 1 and bucket.objects[key("files", file)] == content
        assert (await fetch(alice, file)).content == content
        part = await fetch(alice, file, Range=f"bytes={LARGE - 1_000_000}-")
        assert (part.status_code, part.content) == (206, content[-1_000_000:])


async def test_while_the_bucket_is_away_an_upload_waits_and_then_completes(
    house: House, cast: Cast, bucket: Bucket
) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        found = await begin(alice, 4)
        bucket.is_away = True
        try:
            assert code_of(await patch(alice, found, 0, b"kept")) == (503, "UNAVAILABLE")
        finally:
            bucket.is_away = False
        assert (await patch(alice, found, 4, b"")).status_code == 204
        assert (await fetch(alice, found)).content == b"kept"
