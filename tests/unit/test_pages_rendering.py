from __future__ import annotations

from adapters.pages.rendering import linked


def test_addresses_in_a_text_become_links() -> None:
    """Only https and e-mail; the rest stays text."""
    assert linked("x https://a.example/b?c=1&d=2 javascript:alert(1)") == (
        'x <a href="https://a.example/b?c=1&amp;d=2">a.example/b?c=1&amp;d=2</a> javascript:alert(1)'
    )
