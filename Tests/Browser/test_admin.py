"""What an administrator does, and what those it is done to see."""

import unittest

from cluster import ADMIN
from support import PASSWORD, BrowserTest
from webdriver import eventually


class Admin(BrowserTest):
    # Chromium writes down every answer that says no.
    expected_errors = ("status of 401", "status of 403")

    def administrator(self, instance="A", **options):
        browser = self.visitor(instance, **options)
        self.log_in(browser, ADMIN, self.cluster.password)
        browser.see("Connected to")
        browser.button("Admin").click()
        browser.button("Users")
        return browser

    def find_user(self, admin, name):
        field = admin.field("Search users")
        field.clear()
        field.write(name)
        eventually(f"{name} alone", lambda: [row.attribute("data-user") for row in admin.all("tr[data-user]")] and admin.run(
            "return [...document.querySelectorAll('tr[data-user] strong')].map((node) => node.textContent).join()") == name)

    def test_a_ban_ends_what_the_banned_sees_and_an_unban_lets_them_back(self):
        bob, bob_name = self.person("bob", "B")
        admin = self.administrator("A")
        self.find_user(admin, bob_name)
        admin.button("Ban").click()
        admin.field("Reason (kept in the audit log)").write("spam in every channel")
        admin.button("Ban", inside="//dialog").click()
        admin.see("is banned")
        admin.see("Suspended")
        bob.see("This account was suspended")
        bob.field("Username")
        self.log_in(bob, bob_name)
        bob.see("suspended", inside="//form")
        bob.reload()
        bob.field("Username")
        admin.button("Unban").click()
        admin.see("can log in again")
        self.log_in(bob, bob_name)
        bob.see(f"Hello, {bob_name}")
        admin.button("Audit").click()
        admin.see("spam in every channel")
        admin.see("Unbanned")

    def test_no_is_an_answer(self):
        bob, bob_name = self.person("bob", "B")
        admin = self.administrator("A")
        self.find_user(admin, bob_name)
        admin.button("Ban").click()
        admin.button("Cancel").click()
        self.assertEqual(admin.all("dialog"), [])
        self.assertTrue(bob.sees("Connected to B"))

    def test_revoke_one_leaves_the_other_session(self):
        bob, bob_name = self.person("bob", "B")
        second = self.visitor("A")
        self.log_in(second, bob_name)
        second.see("Connected to A")
        admin = self.administrator("A")
        self.find_user(admin, bob_name)
        admin.button("Sessions").click()
        admin.see("Connected to A", inside="//ul[@class='sessions']")
        rows = "//ul[@class='sessions']/li"
        self.assertEqual(len(admin.all(rows)), 2)
        admin.find(f"{rows}[.//strong[text()='Not connected to A']]//button[normalize-space()='Revoke']").click()
        bob.see("This session was ended")
        eventually("one session left", lambda: len(admin.all(rows)) == 1)
        self.assertTrue(second.sees("Connected to A"))
        second.reload()
        second.see("Connected to A")

    def test_revoke_all_sessions(self):
        bob, bob_name = self.person("bob", "B")
        admin = self.administrator("A")
        self.find_user(admin, bob_name)
        admin.button("Revoke all sessions").click()
        bob.see("An administrator ended all sessions")
        admin.see("Ended 1 session")
        self.log_in(bob, bob_name)
        bob.see(f"Hello, {bob_name}")

    def test_the_cluster_is_shown_live(self):
        admin = self.administrator("A")
        admin.button("Cluster").click()
        for name in ("A", "B"):
            admin.see(name, inside="//h3/..")
        admin.see("You are here")
        connections = "//dt[text()='Connections']/following-sibling::dd"
        # Those of earlier tests go first.
        eventually("the own connection alone", lambda: admin.find(connections).text == "1", within=30)
        self.person("carol", "B")
        eventually("one more connection", lambda: admin.find(connections).text == "2", within=30)

    def test_activity_is_drawn_and_can_be_read_as_tables(self):
        admin = self.administrator("A")
        admin.button("Activity").click()
        charts = eventually("the charts", lambda: len(admin.all("svg[role=img]")) == 5 and admin.all("svg[role=img]"))
        for chart in charts:
            self.assertTrue(chart.attribute("aria-label"))
        admin.find("//summary[normalize-space()='Show as a table']").click()
        self.assertGreater(len(admin.all("//details[@open]//tbody/tr")), 10)
        admin.field("Time span").click()

    def test_others_have_no_console(self):
        bob, _ = self.person("bob", "B")
        self.assertEqual(bob.all("//a[normalize-space()='Admin']"), [])
        bob.go(self.cluster.url("B") + "/#/admin/users")
        bob.see("Hello,")
        self.assertEqual(bob.all("[role=tab]"), [])


if __name__ == "__main__":
    unittest.main()
