"""A Slack message as a browser can draw it, from the payload that Slack would be sent."""

from __future__ import annotations

from html import escape
from typing import Any

STYLE = """
body { margin: 0; padding: 18px 20px; background: #fff; color: #1d1c1d; font: 15px/1.46 Lato, sans-serif; }
.message { display: grid; grid-template-columns: 36px 1fr; gap: 8px; }
.avatar { width: 36px; height: 36px; border-radius: 8px; background: #232f3e; color: #ff9900;
          font-size: 20px; line-height: 36px; text-align: center; font-weight: 700; }
.name { font-weight: 900; } .app { font-size: 10px; background: #eee; border-radius: 2px; padding: 0 3px; }
.time { color: #616061; font-size: 12px; margin-left: 4px; }
.attachment { border-left: 4px solid; border-radius: 4px; padding: 2px 0 2px 12px; margin-top: 6px; }
.header { font-size: 18px; font-weight: 900; margin: 4px 0 8px; }
.section, .fields { white-space: pre-wrap; margin: 0 0 10px; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 24px; }
img { display: block; width: 440px; border-radius: 8px; border: 1px solid #ddd; margin: 4px 0 10px; }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 4px 12px;
          font-weight: 700; }
"""


def page(payload: dict[str, Any]) -> str:
    """A page that shows the message, laid out much as Slack does; the words are the payload's.

    Raises:
        KeyError: There is a kind of block that this cannot draw.
    """
    (attachment,) = payload["attachments"]
    blocks = "".join(BLOCKS[block["type"]](block) for block in attachment["blocks"])
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Slack</title><style>{STYLE}</style>"
        '<div class="message"><div class="avatar">$</div><div><span class="name">AWS Spend Monitor</span> '
        '<span class="app">APP</span> <span class="time">11:00</span>'
        f'<div class="attachment" style="border-color: {attachment["color"]}">{blocks}</div></div></div>'
        "</html>"
    )


def _header(block: dict[str, Any]) -> str:
    return f'<div class="header">{escape(block["text"]["text"])}</div>'


def _section(block: dict[str, Any]) -> str:
    if "fields" in block:
        fields = "".join(f"<div>{escape(field['text'])}</div>" for field in block["fields"])
        return f'<div class="fields">{fields}</div>'
    return f'<div class="section">{escape(block["text"]["text"])}</div>'


def _image(block: dict[str, Any]) -> str:
    return f'<img src="{escape(block["image_url"])}" alt="{escape(block["alt_text"])}">'


def _actions(block: dict[str, Any]) -> str:
    return "".join(
        f'<span class="button">{escape(element["text"]["text"])}</span>' for element in block["elements"]
    )


BLOCKS = {"header": _header, "section": _section, "image": _image, "actions": _actions}
