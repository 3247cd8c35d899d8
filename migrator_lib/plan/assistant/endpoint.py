"""The way to an OpenAI-compatible API: one question, tried a few times, and what of its answer is a proposal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import requests
from pydantic import BaseModel, Field, ValidationError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from migrator_lib.parameters import MappingAssistant
from migrator_lib.plan.assistant.told import Unsure

TRIES = 3
MOST_BYTES = 1_000_000
"""Of an answer that is read."""
INSTRUCTIONS = (
    "A help desk is moved from SmarterTrack to Gorgias. For each entry choose what it becomes, from its own choices "
    "only, and how sure you are, from 0 to 1. Answer with JSON alone: "
    '{"proposals": [{"id": "<id>", "becomes": "<one of its choices>", "confidence": 0.0}]}. '
    "Leave out what you cannot tell."
)


class Proposal(BaseModel):
    """One answer."""

    id: str
    becomes: str
    confidence: Annotated[float, Field(ge=0, le=1)]


def ask(settings: MappingAssistant, key: str | None, asked: Sequence[Unsure], sleep: Callable[[float], None]) -> str:
    """Return what the model answers, tried a few times where it is away or busy.

    Raises:
        RequestException: it did not answer.
        ValueError: what answered is no such API.
    """
    body = {
        "model": settings.model,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": json.dumps({"entries": [one.told() for one in asked]})},
        ],
    }
    retrying = Retrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential(multiplier=1, max=20),
        retry=retry_if_exception(_is_passing),
        sleep=sleep,
        reraise=True,
    )
    return retrying(_sent, settings, key, body)


def _sent(settings: MappingAssistant, key: str | None, body: Mapping[str, Any]) -> str:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with requests.post(
        settings.url.rstrip("/") + "/chat/completions",
        json=body,
        headers=headers,
        timeout=settings.timeout_seconds,
        allow_redirects=False,  # the key is for this address alone
        stream=True,
    ) as reply:
        reply.raise_for_status()
        content = bytearray()
        for piece in reply.iter_content(65_536):
            content += piece
            if reply.is_redirect or len(content) > MOST_BYTES:
                raise ValueError("no answer of the API")
    try:
        return str(json.loads(bytes(content))["choices"][0]["message"]["content"])
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("no answer of the API") from error


def _is_passing(error: BaseException) -> bool:
    """Whether it may go well when it is tried again."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, requests.ConnectionError | requests.Timeout)


def read(text: str) -> Iterator[Proposal]:
    """Yield the proposals of an answer that are some; JSON may stand in a fence."""
    found = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        listed = json.loads(found[0]).get("proposals") if found else None
    except (ValueError, RecursionError):
        return
    for one in listed if isinstance(listed, list) else []:
        try:
            yield Proposal.model_validate(one)
        except ValidationError:
            continue
