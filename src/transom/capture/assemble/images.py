"""Image generation."""

from __future__ import annotations

from transom.capture.assemble.message import user
from transom.capture.assemble.parts import Part, blob, link, said
from transom.capture.assemble.reported import openai_usage
from transom.capture.assemble.values import Body, objects, text
from transom.capture.assemble.wire import Answer, Wire, last
from transom.capture.exchange import Message


def _ask(request: Body) -> list[Message]:
    return user(request.get("prompt"))


def _answer(reply: Body, request: Body) -> Answer:
    images = objects(reply.get("data")) or ([reply] if "b64_json" in reply else [])
    return Answer(
        model=text(reply.get("model")),
        id=text(reply.get("id")),
        messages=[Message(role="assistant", parts=_parts(image)) for image in images],
        usage=openai_usage(reply.get("usage")),
    )


def _parts(image: Body) -> list[Part]:
    content = text(image.get("b64_json"))
    picture = blob("image", None, content) if content else link("image", image.get("url"))
    return [picture, *said("text", image.get("revised_prompt"))]


IMAGES = Wire(_ask, _answer, last)
