# SPDX-License-Identifier: MIT
"""A person whose browser has neither scripts nor a screen: reads the IdP's own pages and sends the forms on them.

For tests that need somebody signed in before they begin; where the sign-in is what is tested, the visitor is browser.py's.
"""

import html.parser
import http.cookiejar
import ssl
import urllib.parse
import urllib.request

from .process import PATIENCE_S


class _Page(html.parser.HTMLParser):
    """What there is to fill in and to press; each page has one form."""

    def __init__(self, answer):
        super().__init__()
        self.url, self.action, self.fields, self.buttons, self.ids = answer.geturl(), None, {}, {}, set()
        self.text = answer.read().decode()
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if tag == "form":
            self.action = urllib.parse.urljoin(self.url, attrs["action"])
        elif tag == "input" and "name" in attrs:
            self.fields[attrs["name"]] = attrs.get("value", "")
        elif tag == "button" and "id" in attrs:
            self.buttons[attrs["id"]] = {attrs["name"]: attrs.get("value", "")} if "name" in attrs else {}


class FormVisitor:
    """Somebody who has an account at the IdP."""

    def __init__(self, idp, username):
        self.idp, self.username = idp, username
        trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=idp.ca_file))
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(trust, cookies)
        self._opener.addheaders = [("Accept", "text/html")]  # at some IdPs other clients get other answers

    def _get(self, url):
        return _Page(self._opener.open(url, timeout=PATIENCE_S))

    def _press(self, page, button, **typed):
        """The page that comes when `button` is pressed, or the form is sent as a script of the page would."""
        if page.action is None or (button and button not in page.buttons):
            raise AssertionError(f"no {button or 'form'} on this page: {page.text}")
        form = page.fields | typed | (page.buttons[button] if button else {})
        return _Page(self._opener.open(page.action, urllib.parse.urlencode(form).encode(), timeout=PATIENCE_S))

    def approve(self, uri, code):
        """As browser.Person does it, to the page that says it is done."""
        page = self._get(uri)
        if "confirm" not in page.buttons:  # the code is to be sent first: typed, or as the page has it from the URI
            page = self._press(page, None, **({} if "user_code=" in uri else {"user_code": code}))
        page = self._press(page, "confirm")
        page = self._press(page, "login", username=self.username, password=self.idp.password(self.username))
        page = self._press(page, "allow")
        if "done" not in page.ids:
            raise AssertionError(f"the IdP did not let {self.username} in: {page.text}")
