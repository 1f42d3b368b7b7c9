"""One HTML file: whatever its data hold, it shows them as text and asks for nothing."""

import json
import re

import pytest

from mlpzoo import InputError, Page
from mlpzoo.pages.document import JS, as_html, as_script_data, script_of

HOSTILE = [
    "</script><script>window.canary = 1</script>",
    "<!-- <script> --!>",
    "<img src=x onerror='window.canary = 1'>",
    "&lt;b&gt; &amp;",
    "\"quotes' `${window.canary = 1}`",
    "line\u2028separator\u2029 and \r\n ends \x00",
    "emoji 🦊 and a right-to-left mark \u202e",
    b"not text \xff\xfe".decode(errors="surrogateescape"),
]


def page_with(text):
    return Page(text, {"kind": "run", "subtitle": text, "labels": [text], "result": [[text, text]],
        "metrics": [[text, text]], "notes": [[text, text]], "curves": [], "network": None,
        "settings": {"heads": [text], "differ": [], "same": [[text, text]]}, "without": text,
        "figures": [[text, [None]]], "leftOut": [text]})  # fmt: skip


def test_hostile_text_is_shown_and_not_run(tab, tmp_path):
    for number, text in enumerate([HOSTILE[0], "".join(HOSTILE)]):
        path = page_with(text).write(tmp_path / f"{number}.html")
        tab.goto(path.as_uri())
        tab.wait_for_selector("footer")
        assert tab.evaluate("window.canary") is None
        assert tab.evaluate("document.querySelector('h1').textContent") == text
        assert tab.evaluate("document.querySelectorAll('main img, script').length") == 2


def test_a_script_that_got_in_would_not_run(browser, tmp_path):
    html = page_with("x").html.replace("</main>", "</main><script>window.canary = 1</script>")
    path = tmp_path / "page.html"
    path.write_text(html)
    tab, refused = browser.new_page(), []
    tab.on("console", lambda said: refused.append(said.text))
    tab.goto(path.as_uri())
    tab.wait_for_selector("footer")
    assert tab.evaluate("window.canary") is None
    assert "Content Security Policy" in refused[0]
    tab.close()


def test_data_are_the_same_behind_the_script_tag():
    data = {"texts": HOSTILE, "numbers": [1.5, -0.0, 1e300]}
    text = as_script_data(data)
    assert json.loads(text) == data
    assert not re.search("[<>&\u2028]", text)


def test_no_module_holds_what_ends_or_hides_a_script():
    text = script_of("main.js")
    assert not re.search("</script|<!--", text, flags=re.IGNORECASE)
    assert not re.search(r"^(import|export) ", text, flags=re.MULTILINE)
    for path in JS.rglob("*.js"):
        source = path.read_text(encoding="utf-8")
        assert f'modules["{path.relative_to(JS).as_posix()}"] = ' in text, f"{path} is not used"
        assert len(source.splitlines()) <= 250, path
        assert not re.search(
            r"innerHTML|insertAdjacentHTML|document\.write|https?://(?!www\.w3)", source
        )


def test_numbers_that_are_none_are_refused_before_they_are_written():
    with pytest.raises(ValueError, match="JSON"):
        as_html("x", {"value": float("nan")})


def test_file_is_replaced_whole_or_not_at_all(tmp_path):
    page, path = page_with("x"), tmp_path / "page.html"
    path.write_text("old")
    assert page.write(path) == path
    assert path.read_text(encoding="utf-8") == page.html
    for bad in (tmp_path / "none" / "page.html", tmp_path, "a\0b"):
        with pytest.raises(InputError, match="cannot write") as error:
            page.write(bad)
        assert "\n" not in str(error.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_notebook_shows_it_in_a_frame(tab):
    page = page_with("</script>'\"")
    tab.set_content(page._repr_html_())
    inside = tab.frame_locator("iframe")
    inside.locator("footer").wait_for()
    assert inside.locator("h1").text_content() == page.title
    assert repr(page).startswith("Page(")
