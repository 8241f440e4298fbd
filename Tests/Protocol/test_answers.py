"""What a running server answers, to every operation, is what openapi.json says: each status with its body, and no other."""

import secrets
import unittest

from support import Asker, Person, admin, openapi

ABSENT = "01989d3b-2f00-7c3a-9a51-5b1f0c8e7d21"
# What no client can bring about.
UNREACHABLE = {500, 503}
TOO_LONG = b" " * 262_145


def fresh():
    return secrets.token_hex(5)


class Answers(unittest.TestCase):
    def test_every_answer(self):
        """One story that leads through every documented answer; `ask` holds each of them to the document."""
        Asker.seen.clear()
        self.accounts()
        self.own_account()
        self.people()
        self.conversations()
        self.administration()
        self.operation()
        self.refusals()
        documented = {(one.id, status) for one in openapi().operations for status in one.answers if status not in UNREACHABLE}
        self.assertEqual(documented - Asker.seen, set(), "answers that never came")

    def accounts(self):
        ada, visitor = Person("ada"), Asker()
        # Guesses are counted by address too, so that this one comes early: the right password is asked for as often as one likes.
        visitor.ask("POST", "/api/auth/login", {"username": ada.username, "password": "correct horse"}, expected=200)
        visitor.ask("POST", "/api/auth/register", {"username": ada.username, "password": "correct horse"}, expected=409)
        ada.ask("POST", "/api/auth/logout", expected=204)
        foreign = {"Origin": "https://evil.example"}
        for path in ("register", "login"):
            visitor.ask("POST", f"/api/auth/{path}", {"username": fresh(), "password": "correct horse"}, foreign, expected=403)

    def own_account(self):
        ada = Person("ada")
        other = Person(ada.username, instance="B", is_new=False)
        ada.ask("GET", "/api/me", expected=200)
        ada.ask("PATCH", "/api/me", {"avatar": "https://pictures.example/ada.png"}, expected=200)
        with ada.connection() as connection:
            connection.wait_for("WELCOME")
            sessions = ada.ask("GET", "/api/me/sessions", expected=200).json["sessions"]
        self.assertEqual({one["current"] for one in sessions}, {True, False})
        self.assertTrue(any("connectedTo" in one for one in sessions))
        ada.ask("DELETE", f"/api/me/sessions/{other.session_id}", expected=204)
        ada.ask("DELETE", f"/api/me/sessions/{ABSENT}", expected=404)

    def people(self):
        ada = Person("ada")
        with ada.connection() as connection:
            connection.wait_for("WELCOME")
            self.assertTrue(ada.ask("GET", "/api/users", q=ada.username, expected=200).json["users"])
            ada.ask("GET", "/api/presence", userIds=f"{ada.user_id},{ABSENT}", expected=200)
            ada.ask("GET", "/api/presence/online", expected=200)

    def conversations(self):
        ada, bob = Person("ada"), Person("bob", instance="B")
        name = fresh()
        channel = ada.ask("POST", "/api/channels", {"name": name, "title": "A title"}, expected=201).json["channelId"]
        ada.ask("POST", "/api/channels", {"name": name}, expected=409)
        ada.ask("GET", "/api/channels", limit=1, expected=200)
        ada.ask("GET", "/api/channels", after="ch:a", expected=200)

        direct = {"recipientId": bob.user_id, "content": "Hello!", "clientMessageId": "1"}
        message = ada.ask("POST", "/api/messages", direct, expected=201).json["message"]
        self.assertTrue(ada.ask("POST", "/api/messages", direct, expected=200).json["duplicate"])
        ada.ask("POST", "/api/messages", {**direct, "content": "Another"}, expected=409)
        ada.ask("POST", "/api/messages", {**direct, "clientMessageId": "2", "recipientId": ABSENT}, expected=404)
        ada.ask("POST", "/api/messages", {"channelId": channel, "content": "!", "clientMessageId": "3"}, expected=403)
        place = {"conversationId": message["conversationId"], "messageId": message["messageId"]}
        with ada.connection() as connection:
            connection.ask("CHANNEL_JOIN", channelId=channel)
            ada.ask("POST", "/api/messages", {"channelId": channel, "content": "!", "clientMessageId": "3"}, expected=201)
            connection.ask("REACTION", **place, emoji="👍", op="add")
            connection.ask("MESSAGE_EDIT", **place, content="Hello?")
        for someone in (ada, bob):
            self.assertTrue(someone.ask("GET", "/api/conversations", expected=200).json["conversations"])
            page = someone.ask("GET", f"/api/conversations/{place['conversationId']}/messages", expected=200).json
            self.assertIn("editedAt", page["messages"][0])
        first = ada.ask("GET", "/api/conversations", limit=1, expected=200).json
        rest = ada.ask("GET", "/api/conversations", after=first["next"], expected=200).json
        self.assertNotIn(first["conversations"][0], rest["conversations"])
        with ada.connection() as connection:
            connection.ask("MESSAGE_DELETE", **place)
        ada.ask("GET", f"/api/conversations/{place['conversationId']}/messages", before=2, expected=200)
        ada.ask("GET", "/api/conversations/ch:nobody.made.it/messages", expected=404)
        bob.ask("GET", f"/api/conversations/{channel}/messages", expected=403)

    def administration(self):
        chief = admin()
        bob, carol = Person("bob"), Person("carol", instance="B")
        users = f"/api/admin/users/{bob.user_id}"
        self.assertIn("cursor", chief.ask("GET", "/api/admin/users", limit=1, expected=200).json)
        chief.ask("GET", "/api/admin/users", q=bob.username, expected=200)
        chief.ask("GET", "/api/admin/analytics", expected=200)
        with bob.connection() as connection, carol.connection() as elsewhere:
            connection.wait_for("WELCOME")
            elsewhere.wait_for("WELCOME")
            self.assertIn("connectedTo", chief.ask("GET", f"{users}/sessions", expected=200).json[0])
            self.assertEqual(len(chief.ask("GET", "/api/admin/cluster", expected=200).json["instances"]), 2)
            chief.ask("POST", f"{users}/ban", {"reason": "Spam"}, expected=200)
            connection.wait_for("ERROR", code="ACCOUNT_SUSPENDED")
            chief.ask("POST", f"/api/admin/users/{carol.user_id}/revoke-sessions", expected=200)
        password = {"username": bob.username, "password": "correct horse"}
        Asker().ask("POST", "/api/auth/login", password, expected=403)
        chief.ask("POST", f"{users}/unban", expected=200)
        bob = Person(bob.username, is_new=False)
        session = f"{users}/sessions/{bob.session_id}"
        chief.ask("DELETE", session, expected=204)
        chief.ask("DELETE", f"{users}/sessions/{ABSENT}", expected=404)
        for method, path in (("GET", "sessions"), ("POST", "ban"), ("POST", "unban"), ("POST", "revoke-sessions")):
            chief.ask(method, f"/api/admin/users/{ABSENT}/{path}", expected=404)
        self.assertIn("cursor", chief.ask("GET", "/api/admin/audit", limit=1, expected=200).json)
        log = chief.ask("GET", "/api/admin/audit", limit=4, expected=200).json["entries"]
        self.assertEqual({entry["action"] for entry in log}, {"ban", "unban", "revoke_all", "revoke_one"})

    def operation(self):
        for path in ("/livez", "/readyz", "/metrics"):
            Asker().ask("GET", path, expected=200)
        for path in ("/", "/docs/", "/openapi.json", "/docs/asyncapi.json"):
            tag = Asker().ask("GET", path, expected=200).headers["ETag"]
            Asker().ask("GET", path, headers={"If-None-Match": tag}, expected=304)

    def refusals(self):
        """What every operation refuses alike."""
        banned = Person("dan")
        admin().ask("POST", f"/api/admin/users/{banned.user_id}/ban", expected=200)
        chief = admin()
        for operation in openapi().operations:
            path = operation.path.replace("{conversationId}", "ch:lobby").replace("{userId}", ABSENT).replace("{sessionId}", ABSENT)
            with self.subTest(operation):
                if not operation.is_open:
                    Asker().ask(operation.method, path, expected=401)
                    banned.ask(operation.method, path, expected=403)
                if operation.body:
                    chief.ask(operation.method, path, TOO_LONG, expected=413)
                    chief.ask(operation.method, path, b"[", expected=400)
                if "{" in operation.path:
                    chief.ask(operation.method, operation.path.replace("{", "").replace("}", ""), expected=400)
                elif any(one["name"] in ("limit", "userIds", "window") for one in operation.parameters):
                    chief.ask(operation.method, path, limit=0, userIds="me", window="1y", expected=400)
        wrong = {"username": fresh(), "password": "wrong horse"}
        for expected in [401] * 10 + [429]:
            Asker().ask("POST", "/api/auth/login", wrong, expected=expected)


if __name__ == "__main__":
    unittest.main()
