"""The few rules that native elements have no option for, in one place.

They name only containers of ours, by the class that Streamlit gives a container's key: the
column beside the conversation stays in sight, and below a width it becomes a button. The menu
of a line shows its three dots only, brighter where the pointer or the keyboard is.
"""

from __future__ import annotations

import streamlit as st

# The conversation and the column beside it.
COLUMNS = (0.76, 0.24)
# The form of an agent and what it makes of it.
EDITOR = (0.54, 0.46)

# The words of a filled button are white whatever it is filled with; on the light blue of the
# dark theme nobody can read them.
_DARK = """
<style>
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"] {
  color: #181714;
}
</style>
"""

_ROOM = """
<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-company) { position: sticky; top: 1.5rem; }
.st-key-company-folded { display: none; }
[class*="st-key-menu-"] p, [class*="st-key-swipe-"] p, [class*="st-key-thumb-"] p {
  position: absolute; clip-path: inset(50%);
}
[class*="st-key-menu-"] button > div > div[aria-hidden] { display: none; }
[class*="st-key-menu-"] button { min-height: 1.75rem; padding-block: 0; }
[class*="st-key-menu-"] { opacity: 0.55; }
[class*="st-key-line-"]:hover [class*="st-key-menu-"],
[class*="st-key-menu-"]:focus-within { opacity: 1; }
[class*="st-key-head-"] { flex-wrap: nowrap; }
[class*="st-key-head-"] p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
[class*="st-key-facts-"] { min-width: 0; }
[class*="st-key-with-"] button { min-height: 1.75rem; padding: 0; opacity: 0.75; }
[class*="st-key-with-"] p { font-size: 0.875rem; }
[data-testid="stBottomBlockContainer"] { padding-bottom: 1.5rem; }
@media (max-width: 1100px) {
  .stColumn:has(.st-key-company), .stColumn:has(.st-key-beside-composer) { display: none; }
  .stColumn:has(.st-key-talk), .stColumn:has(.st-key-composer) { min-width: 100%; }
  .st-key-company-folded { display: flex; }
}
@media (max-width: 640px) {
  [class*="st-key-head-"] { flex-wrap: wrap; row-gap: 0; }
  [class*="st-key-head-"] [class*="st-key-menu-"] { margin-left: auto; }
  [class*="st-key-head-"] > [data-testid="stLayoutWrapper"]:has(> [class*="st-key-facts-"]) {
    order: 9; flex: 1 1 100%;
  }
}
</style>
"""

_AGENT = """
<style>
.st-key-agent-form [data-testid="stMultiSelect"] [data-tag] {
  color: inherit; background-color: color-mix(in srgb, currentColor 12%, transparent);
}
@media (min-width: 1100px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-agent-preview) {
    position: sticky; top: 1.5rem; max-height: calc(100vh - 3rem); overflow-y: auto;
  }
}
@media (max-width: 1100px) {
  .stColumn:has(.st-key-agent-preview), .stColumn:has(.st-key-agent-form) { min-width: 100%; }
}
@media (max-width: 640px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-agent-title) { min-width: 100%; }
}
</style>
"""


_CARDS = """
<style>
[class*="st-key-more-"] p { position: absolute; clip-path: inset(50%); }
[class*="st-key-more-"] button > div > div[aria-hidden] { display: none; }
[class*="st-key-more-"] button { min-height: 1.75rem; padding-block: 0; }
</style>
"""


def cards() -> None:
    """For cards with a menu: its three dots only."""
    st.html(_CARDS)


def dark() -> None:
    """For every screen in the dark theme: filled buttons that can be read."""
    st.html(_DARK)


def agent() -> None:
    """For the editor: what it makes of the form stays in sight, or stands below it."""
    st.html(_AGENT)


def room() -> None:
    """For the room screen."""
    st.html(_ROOM)
