# SPDX-License-Identifier: MIT
"""Keycloak's own pages, as the people of support.browser and support.form_visitor go through them: the code (if the
address has none), name and password, and the consent, which it always asks for where a device is let in."""

from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from .browser import Person, clickable
from .form_visitor import FormVisitor
from .process import PATIENCE_S

CODE, SEND_CODE = "#device-user-code", "#kc-user-verify-device-user-code-form [type=submit]"
NAME, PASSWORD, LOG_IN = "#username", "#password", "#kc-form-login #kc-login"
CONSENT, ALLOW, DENY = "#kc-oauth", "#kc-oauth [name=accept]", "#kc-oauth [name=cancel]"
ENDED, TITLE = "#kc-info-message", "#kc-page-title"
LET_IN, REFUSED = "Device Login Successful", "Device Login Failed"


class KeycloakPerson(Person):
    """The code is shown nowhere but where it is typed: what approve() gives is what was typed."""

    @staticmethod
    def _see(driver, selector):
        return WebDriverWait(driver, PATIENCE_S).until(clickable(By.CSS_SELECTOR, selector))

    def _open(self, driver, uri, code):
        driver.get(uri)
        if "user_code=" not in uri:
            self._see(driver, CODE).send_keys(code)
            self._see(driver, SEND_CODE).click()

    def _log_in(self, driver):
        self._see(driver, NAME).send_keys(self.username)
        self._see(driver, PASSWORD).send_keys(self.idp.password(self.username))
        self._see(driver, LOG_IN).click()

    def _answer(self, uri, code, button, title):
        with self._browser() as driver:
            self._open(driver, uri, code)
            self._log_in(driver)
            asked = self._see(driver, CONSENT).text
            self._see(driver, button).click()
            self._see(driver, ENDED)
            ended = driver.find_element(By.CSS_SELECTOR, TITLE).text
            if ended != title:
                raise AssertionError(f"{title!r} was expected, Keycloak says {ended!r}")
            return asked

    def approve(self, uri, code=None):
        self._answer(uri, code, ALLOW, LET_IN)
        return code

    def refuse(self, uri, code=None, after_login=True):
        """What the page asked that was answered with no."""
        return self._answer(uri, code, DENY, REFUSED)


class KeycloakVisitor(FormVisitor):
    def approve(self, uri, code):
        page = self._get(uri)
        if "user_code=" not in uri:
            page = self._press(page, None, device_user_code=code)
        page = self._press(page, None, username=self.username, password=self.idp.password(self.username))
        page = self._press(page, "kc-login")  # of the consent
        if "kc-info-message" not in page.ids or LET_IN not in page.text:
            raise AssertionError(f"Keycloak did not let {self.username} in: {page.text}")
