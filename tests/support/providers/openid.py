"""An OpenID Connect provider (Core 1.0, with PKCE): one client, one person, and a key that it signs with."""

import json
import time
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlencode

from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey

from tests.support.providers.server import Asked, FakeProvider, Reply

Body = dict[str, Any]


class FakeOpenId(FakeProvider):
    """Whoever comes is signed in there already. `changes` bends the claims of its tokens, `way` how they are signed."""

    def __init__(self, client_id: str = "pesan", client_secret: str = "rahasia: sekali") -> None:
        super().__init__()
        self.client_id = client_id
        self.client_secret = client_secret
        self.key = ECKey.generate_key("P-256", {"kid": "satu", "use": "sig", "alg": "ES256"})
        self.person: Body = {"sub": "248289761001", "email": "rani@contoh.id", "name": "Rani Wijaya"}
        self.person["email_verified"] = True
        self.changes: Body = {}
        self.way = "ES256"
        self._codes: dict[str, Asked] = {}

    def answer(self, asked: Asked) -> Reply:
        """One answer of the provider's."""
        answers = {
            "/.well-known/openid-configuration": self._discovery,
            "/keys": lambda _: Reply(body=KeySet([self.key]).as_dict(private=False)),
            "/authorize": self._authorize,
            "/token": self._token,
        }
        found = answers.get(asked.path)
        return found(asked) if found else Reply(404)

    def _discovery(self, _: Asked) -> Reply:
        return Reply(
            body={
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _authorize(self, asked: Asked) -> Reply:
        wanted = {"response_type": "code", "client_id": self.client_id, "code_challenge_method": "S256"}
        if {name: asked.query.get(name) for name in wanted} != wanted or "openid" not in asked.query["scope"]:
            return Reply(400, {"error": "invalid_request"})
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked.query["state"], "iss": self.url})
        return Reply(303, headers={"location": f"{asked.query['redirect_uri']}?{back}"})

    def _token(self, asked: Asked) -> Reply:
        """A code is taken once, from the client itself, by whoever knows the verifier."""
        kind, _, pair = asked.headers.get("authorization", "").partition(" ")
        given = [unquote(part) for part in b64decode(pair).decode().split(":")]
        if kind != "Basic" or given != [self.client_id, self.client_secret]:
            return Reply(401, {"error": "invalid_client"})
        left = self._codes.pop(asked.form.get("code", ""), None)
        verifier = sha256(asked.form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(verifier).decode().rstrip("=")
        if (
            left is None
            or left.query["redirect_uri"] != asked.form.get("redirect_uri")
            or left.query["code_challenge"] != challenge
        ):
            return Reply(400, {"error": "invalid_grant"})
        token = self._signed({**self._claims(left.query["nonce"]), **self.changes})
        return Reply(body={"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _claims(self, nonce: str) -> Body:
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 600,
            "nonce": nonce,
            **self.person,
        }

    def _signed(self, claims: Body) -> str:
        body = json.dumps(claims).encode()
        if self.way == "none":
            header = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            return f"{header}.{urlsafe_b64encode(body).decode().rstrip('=')}."
        key: Any = self.key
        if self.way == "HS256":
            key = OctKey.import_key(self.client_secret)
        if self.way == "other":
            key = ECKey.generate_key("P-256", {"kid": "satu"})
        algorithm = "HS256" if self.way == "HS256" else "ES256"
        return jws.serialize_compact({"alg": algorithm, "kid": "satu"}, body, key, algorithms=[algorithm])
