# SPDX-License-Identifier: MIT
"""A person with a browser: headless Chromium on the IdP's own pages, with nothing left of the visit before."""

import atexit
import base64
import contextlib
import shutil
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as seen
from selenium.webdriver.support.wait import WebDriverWait

from .process import PATIENCE_S

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=900,700",
)  # fmt: skip


def _key_pin(certificate_file):
    """Chromium's name for the one key it shall trust besides the system's authorities."""
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_key().public_bytes(serialization.Encoding.DER, form))
    return base64.b64encode(digest.finalize()).decode()


def clickable(*locator):
    """A condition to wait for. The IdP's pages send themselves on: whoever looks just then is to look again."""
    look = seen.element_to_be_clickable(locator)

    def condition(driver):
        try:
            return look(driver)
        except WebDriverException as error:
            if "aborted by navigation" not in str(error):
                raise
            return False

    return condition


class _Browsers:
    """Chromium takes seconds to start: whoever is through with one leaves it to the next visitor of the same IdP."""

    def __init__(self):
        self._idle = {}
        self._profiles = []
        self._lock = threading.Lock()
        atexit.register(self.close)

    def _start(self, key_pin):
        profile = tempfile.mkdtemp(prefix="cosmo-sso-browser-")
        self._profiles.append(profile)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--ignore-certificate-errors-spki-list={key_pin}"):
            options.add_argument(flag)
        return webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)

    @staticmethod
    def _forget(driver):
        driver.get("about:blank")
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.execute_cdp_cmd("Network.clearBrowserCache", {})

    @contextlib.contextmanager
    def visit(self, key_pin):
        with self._lock:
            idle = self._idle.get(key_pin)
            driver = idle.pop() if idle else None
        driver = driver or self._start(key_pin)
        try:
            yield driver
            self._forget(driver)
        except BaseException:
            driver.quit()
            raise
        with self._lock:
            self._idle.setdefault(key_pin, []).append(driver)

    def close(self):
        """None stays open, nor a connection of one."""
        with self._lock:
            idle = [driver for drivers in self._idle.values() for driver in drivers]
            self._idle.clear()
        for driver in idle:
            driver.quit()
        while self._profiles:
            shutil.rmtree(self._profiles.pop(), ignore_errors=True)


_browsers = _Browsers()
close_all = _browsers.close


class Person:
    """Somebody who has an account at the IdP, and does what the pages say."""

    def __init__(self, idp, username):
        self.idp = idp
        self.username = username

    def _browser(self):
        return _browsers.visit(_key_pin(self.idp.certificate_file))

    @staticmethod
    def _find(driver, element_id):
        return WebDriverWait(driver, PATIENCE_S).until(clickable(By.ID, element_id))

    def _open(self, driver, uri, code):
        """To the page that asks whether this sign-in is ours; gives the code shown there."""
        driver.get(uri)
        if "user_code=" not in uri:
            driver.find_element(By.NAME, "user_code").send_keys(code)
            self._find(driver, "continue").click()
        return self._find(driver, "user-code").text

    def _log_in(self, driver):
        self._find(driver, "login")
        driver.find_element(By.NAME, "username").send_keys(self.username)
        driver.find_element(By.NAME, "password").send_keys(self.idp.password(self.username))
        self._find(driver, "login").click()

    def approve(self, uri, code=None):
        """Sign in and allow; returns the code that the page showed for comparison."""
        with self._browser() as driver:
            shown = self._open(driver, uri, code)
            self._find(driver, "confirm").click()
            self._log_in(driver)
            self._find(driver, "allow").click()
            self._find(driver, "done")
            return shown

    def refuse(self, uri, code=None, after_login=False):
        """Say no: at once where the code is shown, or after logging in, where the consent is asked for."""
        with self._browser() as driver:
            self._open(driver, uri, code)
            if after_login:
                self._find(driver, "confirm").click()
                self._log_in(driver)
                self._find(driver, "deny").click()
            else:
                self._find(driver, "abort").click()
            self._find(driver, "said")

    def what_the_page_says(self, uri):
        """The words a visitor reads, whatever page it is."""
        with self._browser() as driver:
            driver.get(uri)
            WebDriverWait(driver, PATIENCE_S).until(clickable(By.TAG_NAME, "h1"))
            return driver.find_element(By.TAG_NAME, "body").text
