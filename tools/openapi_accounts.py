"""Describe the routes for login, tokens and sessions in the OpenAPI document, and those without a model."""

from __future__ import annotations

from typing import Any, Final

from .openapi_shared import (
    BEARER,
    ID,
    INTEGER,
    NO_RECORD,
    NOBODY,
    REFRESH,
    SUCCESS,
    TEXT,
    Json,
    a_list,
    an_object,
    content,
    errors,
    header,
    in_path,
    ref,
    response_headers,
)

#: The tag of these operations.
ACCOUNTS: Final = "Log in and sessions"
DISCOVERY: Final = "Discovery"
_MOMENT: Final[Json] = {**TEXT, "format": "date-time"}
_ANY_USER_ID: Final[Json] = {"anyOf": [ID, {**TEXT, "pattern": "^[0-9]{1,10}$"}]}
#: A login, and everything else that checks a secret.
_PUBLIC: Final = (400, 401, 405, 409, 413, 415, 429, 500, 502, 503)
_PAIR: Final[Json] = {
    "type": "array",
    "prefixItems": [ID, TEXT],
    "items": {},
    "minItems": 2,
    "maxItems": 2,
    "description": "Id and name.",
}


def schemas() -> Json:
    """Return the schemas of these routes."""
    return {
        "Credentials": an_object(
            {
                "login": {
                    **TEXT,
                    "minLength": 1,
                    "maxLength": 4096,
                    "description": "The login of the user, usually an email address.",
                },
                "password": {
                    **TEXT,
                    "minLength": 1,
                    "maxLength": 4096,
                    "format": "password",
                    "description": "The password, or an API key of the user.",
                },
            }
        ),
        "LoggedIn": an_object(
            {
                "token": {**TEXT, "description": "The access token."},
                "refreshToken": {
                    "type": ["string", "integer"],
                    "description": "The refresh token; 1 if it is in the cookie.",
                },
                "user_id": ID,
            }
        ),
        "SecondFactor": an_object(
            {
                "mfa_token": {**TEXT, "description": "From the response to the login."},
                "code": {
                    "type": ["string", "integer"],
                    "description": "The code of the user's authenticator app, or of the email.",
                },
            }
        ),
        "Passkey": an_object(
            {
                "passkey_token": {**TEXT, "description": "From the response with the options."},
                "credential": {
                    "type": "object",
                    "additionalProperties": True,
                    "description": "The result of `navigator.credentials.get`.",
                },
            }
        ),
        "PasskeyOptions": an_object(
            {
                "passkey_token": TEXT,
                "options": {
                    "type": "object",
                    "additionalProperties": True,
                    "description": "For `navigator.credentials.get`.",
                },
                "expires_in": INTEGER,
            }
        ),
        "Refresh": an_object(
            {
                "refreshToken": {
                    **TEXT,
                    "description": "Unless it is in the header or in the cookie.",
                },
                "user_id": {**_ANY_USER_ID, "description": "The user of the token, if sent."},
            },
            (),
        ),
        "NewAccessToken": an_object(
            {
                "access_token": TEXT,
                "refreshToken": {
                    **TEXT,
                    "description": "The next refresh token, in the profile `strict`.",
                },
            },
            ("access_token",),
        ),
        "NewRefreshToken": an_object(
            {
                "status": {**TEXT, "const": "done"},
                "refreshToken": {
                    "type": ["string", "integer"],
                    "description": "The next refresh token; 1 if it is in the cookie.",
                },
            }
        ),
        "LogOut": an_object(
            {
                "all": {
                    "type": "boolean",
                    "default": False,
                    "description": "Ends all sessions of the user.",
                },
                "refreshToken": {
                    **TEXT,
                    "description": "Unless it is in the header or in the cookie.",
                },
            },
            (),
        ),
        "SessionEnded": an_object(
            {"status": {**TEXT, "const": "success"}, "logged_out": {**INTEGER, "const": 1}}
        ),
        "Me": an_object(
            {
                "id": ID,
                "login": TEXT,
                "name": TEXT,
                "email": {"type": ["string", "boolean", "null"]},
                "partner_id": ID,
                "lang": {"type": ["string", "boolean", "null"]},
                "tz": {"type": ["string", "boolean", "null"]},
                "company_id": _PAIR,
                "company_ids": a_list(_PAIR),
            }
        ),
        "Session": an_object(
            {
                "id": ID,
                "device": {"type": ["string", "boolean", "null"]},
                "client_type": {**TEXT, "enum": ["app", "browser"]},
                "ip_address": {"type": ["string", "boolean", "null"]},
                "created_at": _MOMENT,
                "last_used_at": {"anyOf": [_MOMENT, {"type": ["boolean", "null"]}]},
                "expires_at": _MOMENT,
                "current": {"type": "boolean", "description": "Whether it is that of the request."},
            }
        ),
        "KeySet": an_object(
            {"keys": a_list({"type": "object", "additionalProperties": True})},
            description="The public keys of RFC 7517.",
        ),
        "OpenModel": an_object(
            {
                "model": TEXT,
                "name": TEXT,
                "methods": a_list({**TEXT, "enum": ["GET", "POST", "PUT", "DELETE"]}),
                "actions": a_list(
                    an_object({"name": TEXT, "description": {"type": ["string", "null"]}})
                ),
                "reports": a_list(an_object({"name": TEXT, "title": TEXT})),
                "links": an_object({"records": TEXT, "schema": TEXT}),
            }
        ),
        "FieldDescription": an_object(
            {
                "type": TEXT,
                "label": TEXT,
                "help": {"type": ["string", "null"]},
                "required": {"type": "boolean"},
                "readable": {"type": "boolean"},
                "writable": {"type": "boolean"},
                "readonly": {"type": "boolean"},
                "stored": {"type": "boolean"},
                "searchable": {"type": "boolean"},
                "sortable": {"type": "boolean"},
                "default": {},
                "relation": TEXT,
                "selection": a_list(an_object({"value": TEXT, "label": TEXT})),
                "size": INTEGER,
                "digits": a_list(INTEGER),
                "currency_field": TEXT,
            },
            (
                *("type", "label", "help", "required", "readable", "writable", "readonly"),
                *("stored", "searchable", "sortable", "default"),
            ),
        ),
        "ModelDescription": {
            "allOf": [
                ref("OpenModel"),
                an_object(
                    {
                        "max_limit": INTEGER,
                        "fields": {
                            "type": "object",
                            "additionalProperties": ref("FieldDescription"),
                        },
                    }
                ),
            ]
        },
    }


_REFRESH_EXAMPLE: Final = {"refreshToken": "the refreshToken of the login"}


def _post(
    name: str,
    summary: str,
    text: str,
    body: str,
    done: Json,
    security: list[Json],
    *,
    is_optional: bool = False,
    example: Any = None,
    parameters: tuple[str, ...] = (),
    statuses: tuple[int, ...] = _PUBLIC,
) -> Json:
    more = {} if example is None else {"example": example}
    operation: Json = {
        "operationId": name,
        "tags": [ACCOUNTS],
        "summary": summary,
        "description": text,
        "parameters": [header(each) for each in (*parameters, "Accept-Language")],
        "security": security,
        "responses": {"200": done, **errors(*statuses)},
    }
    if body:
        operation["requestBody"] = {
            "required": not is_optional,
            "content": content(ref(body), **more),
        }
    return operation


def _done(text: str, schema: Json, *names: str) -> Json:
    return {
        "description": text,
        "headers": response_headers("Content-Language", *names),
        "content": content(schema),
    }


def _read(name: str, summary: str, text: str, done: Json, *, tag: str = ACCOUNTS) -> Json:
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": text,
        "parameters": [header("Accept-Language")],
        "security": BEARER,
        "responses": {"200": done, **errors(400, 401, 403, 405, 500, 503)},
    }


def _page(name: str, summary: str, text: str, *statuses: int) -> Json:
    """Return the operation of a documentation page.

    :param statuses: its errors, besides those of every page
    """
    return {
        "operationId": name,
        "tags": [DISCOVERY],
        "summary": summary,
        "description": text,
        "parameters": [header("Accept-Language"), header("If-None-Match")],
        "security": [*BEARER, {}],
        "responses": {
            "200": {
                "description": "The page.",
                "headers": response_headers("ETag", "Content-Language"),
                "content": content(TEXT, "text/html"),
            },
            "304": {"description": "The client has the page already."},
            **errors(400, 401, 403, 405, 500, 503, *statuses),
        },
    }


def paths() -> Json:
    """Return the path items of these routes."""
    logged_in = _done("The tokens.", ref("LoggedIn"), "X-Token-Expires-In")
    kind = ("X-Client-Type",)
    return {
        "/api/login": {
            "post": _post(
                "login",
                "Log in",
                "A browser gets the refresh token as a cookie. An account with a second factor gets 401"
                " `mfa_required` with an `mfa_token`.",
                "Credentials",
                logged_in,
                NOBODY,
                example={"login": "admin", "password": "admin"},
                parameters=kind,
            )
        },
        "/api/login/mfa": {
            "post": _post(
                "loginMfa",
                "Complete a login with a second factor",
                "Send the `mfa_token` of the login and the user's code.",
                "SecondFactor",
                logged_in,
                NOBODY,
                example={"mfa_token": "the mfa_token of the login", "code": "123456"},
                parameters=kind,
            )
        },
        "/api/login/passkey/options": {
            "post": _post(
                "passkeyOptions",
                "Begin a login with a passkey",
                "Pass `options` to `navigator.credentials.get`. 404 if Odoo's passkeys are not installed.",
                "",
                _done("The options.", ref("PasskeyOptions")),
                NOBODY,
                statuses=(*_PUBLIC, 404),
            )
        },
        "/api/login/passkey": {
            "post": _post(
                "loginPasskey",
                "Log in with a passkey",
                "Send the `passkey_token` of the options and the authenticator's response.",
                "Passkey",
                logged_in,
                NOBODY,
                parameters=kind,
                statuses=(*_PUBLIC, 404),
            )
        },
        "/api/update/access-token": {
            "post": _post(
                "updateAccessToken",
                "Get a new access token",
                "The refresh token is in the header `refreshToken`, in the body or in the cookie. In the"
                " profile `strict`, an invalid one is a 400 `invalid_grant`.",
                "Refresh",
                _done("The access token.", ref("NewAccessToken"), "X-Token-Expires-In"),
                [*REFRESH, {}],
                is_optional=True,
                example=_REFRESH_EXAMPLE,
                statuses=(*_PUBLIC, 403),
            )
        },
        "/api/update/refresh-token": {
            "post": _post(
                "updateRefreshToken",
                "Get a new refresh token",
                "Needs the access token and the refresh token of one session. The old refresh token is used"
                " up.",
                "Refresh",
                _done("The refresh token.", ref("NewRefreshToken")),
                [{**BEARER[0], **each} for each in REFRESH] + BEARER,
                is_optional=True,
                example=_REFRESH_EXAMPLE,
                statuses=(*_PUBLIC, 403),
            )
        },
        "/api/revoke/token": {
            "post": _post(
                "logOut",
                "Log out",
                "Ends the session of the access token, which may have expired, or of the refresh token.",
                "LogOut",
                _done("The session has ended.", ref("SessionEnded")),
                [*BEARER, *REFRESH, {}],
                is_optional=True,
                statuses=(*_PUBLIC, 403),
            )
        },
        "/api/me": {
            "get": _read(
                "getMe",
                "Get the current user",
                "Who the user is: companies, language, time zone.",
                _done("The user.", an_object({"success": SUCCESS, "data": ref("Me")})),
            )
        },
        "/api/sessions": {
            "get": _read(
                "listSessions",
                "List the user's sessions",
                "One entry for each device.",
                _done(
                    "The sessions.",
                    an_object(
                        {"success": SUCCESS, "count": INTEGER, "data": a_list(ref("Session"))}
                    ),
                ),
            )
        },
        "/api/sessions/{session_id}": {
            "parameters": [in_path("session_id", "The id of the session.", ID, example=NO_RECORD)],
            "delete": {
                "operationId": "endSession",
                "tags": [ACCOUNTS],
                "summary": "End one of the user's sessions",
                "description": "Logs out one device.",
                "parameters": [header("Accept-Language")],
                "security": BEARER,
                "responses": {
                    "200": _done("The session has ended.", ref("Deleted")),
                    **errors(400, 401, 404, 405, 409, 500, 502, 503),
                },
            },
        },
        "/api/.well-known/jwks.json": {
            "get": {
                "operationId": "getKeys",
                "tags": [ACCOUNTS],
                "summary": "Get the public keys",
                "description": "With these keys, other services verify access tokens.",
                "parameters": [header("X-Odoo-Database")],
                "security": NOBODY,
                "responses": {
                    "200": {"description": "The keys.", "content": content(ref("KeySet"))},
                    **errors(400, 405, 500, 503),
                },
            }
        },
        "/api/openapi.json": {
            "get": {
                "operationId": "getDocument",
                "tags": [DISCOVERY],
                "summary": "Get this document",
                "description": "The document describes what the caller may use.",
                "parameters": [header("Accept-Language"), header("If-None-Match")],
                "security": [*BEARER, {}],
                "responses": {
                    "200": _done(
                        "An OpenAPI 3.1 document.",
                        {"type": "object", "additionalProperties": True},
                        "ETag",
                    ),
                    "304": {"description": "The client has the document already."},
                    **errors(400, 401, 403, 405, 500, 503),
                },
            }
        },
        "/api/docs": {
            "get": _page(
                "getPage",
                "Get this document as a page",
                "Without a token, the page has what is public and a form to log in.",
            )
        },
        "/api/docs/{model}": {
            "parameters": [
                in_path("model", "Technical name of the model.", TEXT, example="res.partner")
            ],
            "get": _page(
                "getModelPage",
                "Get the part about one model as a page",
                "The operations of a model, its fields, and samples in five languages. Without a token, a"
                " browser gets a page with a form to log in instead of an error.",
                404,
            ),
        },
        "/api/v1": {
            "get": _read(
                "listModels",
                "List the open models",
                "The models that are open to the user, with their methods, actions and reports.",
                _done(
                    "The models.",
                    an_object(
                        {"success": SUCCESS, "count": INTEGER, "data": a_list(ref("OpenModel"))}
                    ),
                ),
                tag=DISCOVERY,
            )
        },
    }
