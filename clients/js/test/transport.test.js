/** Retries, timeouts, aborted calls and errors. */

import assert from "node:assert/strict";
import {test} from "node:test";

import {ApiError, MfaRequiredError, NetworkError, TimeoutError} from "../src/index.js";
import {FakeServer, json, refused} from "./fake.js";

/** Answers with one response of a list after the other. */
function inTurn(...answers) {
    let number = 0;
    return async (request) => {
        const answer = answers[Math.min(number++, answers.length - 1)];
        return typeof answer === "function" ? answer(request) : answer.clone();
    };
}

const lost = () => {
    throw new TypeError("fetch failed");
};
const made = json(201, {success: true, count: 1, data: {id: 3}}, {ETag: '"1"'});

test("a create is repeated with the same key until it is answered", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["POST /api/v1/res.partner"] = inTurn(lost, refused(503, "unavailable"), made);
    const {record, etag} = await odoo.create("res.partner", {name: "Ada"});
    assert.deepEqual([record, etag], [{id: 3}, '"1"']);
    const keys = server.requests.map((request) => request.headers.get("Idempotency-Key"));
    assert.equal(keys.length, 3);
    assert.equal(new Set(keys).size, 1);
    assert.match(keys[0], /^[0-9a-f]{32}$/);
});

test("two creates have two keys", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["POST /api/v1/res.partner"] = () => made.clone();
    await odoo.create("res.partner", {});
    await odoo.create("res.partner", {});
    const [first, second] = server.requests.map((request) => request.headers.get("Idempotency-Key"));
    assert.notEqual(first, second);
});

test("a client waits as long as Retry-After says", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const busy = refused(429, "too_many_requests", {}, {"Retry-After": "1"});
    server.routes["GET /api/v1/res.partner"] = inTurn(busy, json(200, {success: true, data: []}));
    const started = Date.now();
    await odoo.list("res.partner");
    assert.ok(Date.now() - started >= 990);
});

test("a long Retry-After is an error at once", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["GET /api/v1/res.partner"] = () => refused(429, "too_many_requests", {}, {"Retry-After": "3600"});
    await assert.rejects(odoo.list("res.partner"), {code: "too_many_requests", status: 429, retryAfter: 3600});
    assert.equal(server.requests.length, 1);
});

test("what the server refuses is not repeated", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const fields = {email: ["It is not an address."]};
    server.routes["POST /api/v1/res.partner"] = () => refused(422, "validation_error", {fields});
    await assert.rejects(odoo.create("res.partner", {}), (error) => {
        assert.ok(error instanceof ApiError && !(error instanceof NetworkError));
        assert.deepEqual([error.code, error.status, error.fields], ["validation_error", 422, fields]);
        assert.equal(error.message, "It is validation_error.");
        assert.equal(error.uncertain, false);
        return true;
    });
    assert.equal(server.requests.length, 1);
});

test("a guarded update is not repeated: the second would fail because of the first", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["PATCH /api/v1/res.partner/3"] = lost;
    await assert.rejects(odoo.update("res.partner", 3, {}, {etag: '"1"'}), {code: "network_error", uncertain: true});
    assert.equal(server.requests.length, 1);
    assert.equal(server.requests[0].headers.get("If-Match"), '"1"');
});

test("an update without a tag is repeated", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["PATCH /api/v1/res.partner/3"] = inTurn(lost, made);
    await odoo.update("res.partner", 3, {});
    assert.equal(server.requests.length, 2);
});

test("a record that is gone when its lost delete is repeated is deleted", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["DELETE /api/v1/res.partner/3"] = inTurn(lost, refused(404, "not_found"));
    assert.equal(await odoo.delete("res.partner", 3), 3);
});

test("a record that was never there is an error", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["DELETE /api/v1/res.partner/3"] = () => refused(404, "not_found");
    await assert.rejects(odoo.delete("res.partner", 3), {code: "not_found", status: 404});
});

test("a POST of one's own is sent once", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["POST /api/v1/own"] = lost;
    await assert.rejects(odoo.request("POST", "/api/v1/own", {json: {}}), NetworkError);
    assert.equal(server.requests.length, 1);
});

test("a server that does not answer is a timeout", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({timeout: 50});
    server.routes["GET /api/v1/res.partner"] = (request) =>
        new Promise((_resolve, reject) => {
            request.signal.addEventListener("abort", () => reject(request.signal.reason));
        });
    await assert.rejects(odoo.list("res.partner"), (error) => {
        assert.ok(error instanceof TimeoutError);
        assert.deepEqual([error.code, error.status], ["timeout", 0]);
        return true;
    });
});

test("an aborted call ends with the reason, and is not repeated", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const controller = new AbortController();
    server.routes["GET /api/v1/res.partner"] = (request) =>
        new Promise((_resolve, reject) => {
            request.signal.addEventListener("abort", () => reject(request.signal.reason));
            queueMicrotask(() => controller.abort(new Error("not needed any more")));
        });
    const call = odoo.list("res.partner", {signal: controller.signal});
    await assert.rejects(call, /not needed any more/);
    assert.equal(server.requests.length, 1);
    await assert.rejects(odoo.list("res.partner", {signal: controller.signal}), /not needed any more/);
});

test("the wait before a retry can be aborted", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const busy = refused(503, "unavailable", {}, {"Retry-After": "20"});
    server.routes["GET /api/v1/res.partner"] = () => busy.clone();
    const signal = AbortSignal.timeout(50);
    await assert.rejects(odoo.list("res.partner", {signal}), {name: "TimeoutError"});
});

test("a page of a proxy or of a network with a login is no response", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({retries: 0});
    server.routes["GET /api/v1/res.partner"] = () => new Response("<h1>Wi-Fi</h1>", {status: 200});
    await assert.rejects(odoo.list("res.partner"), {name: "NetworkError", code: "bad_response", status: 200});
    server.routes["GET /api/v1/res.partner"] = () => new Response("<h1>No</h1>", {status: 502});
    await assert.rejects(odoo.list("res.partner"), {name: "NetworkError", code: "http_502", status: 502});
    server.routes["GET /api/v1/res.partner"] = () => new Response("<h1>No</h1>", {status: 403});
    await assert.rejects(odoo.list("res.partner"), {name: "ApiError", code: "http_403", status: 403});
});

test("a second factor is an error of its own", async () => {
    const server = new FakeServer();
    const odoo = server.client();
    const more = {mfa_token: "m1", mfa_type: "totp", expires_in: 300};
    server.routes["POST /api/login"] = () => refused(401, "mfa_required", more);
    server.routes["POST /api/login/mfa"] = (request) => {
        assert.deepEqual(request.body, {mfa_token: "m1", code: "012345"});
        return server.loggedIn();
    };
    const error = await odoo.logIn("demo", "demo").catch((caught) => caught);
    assert.ok(error instanceof MfaRequiredError);
    assert.deepEqual([error.mfaType, error.expiresIn], ["totp", 300]);
    assert.equal(odoo.authState.status, "unknown");
    assert.equal((await odoo.logInWithCode(error.mfaToken, "012345")).status, "logged-in");
});

test("a passkey is asked for with the options of the server", async () => {
    const server = new FakeServer();
    const odoo = server.client();
    server.routes["POST /api/login/passkey/options"] = () =>
        json(200, {passkey_token: "p1", options: {challenge: "Yw"}, expires_in: 300});
    server.routes["POST /api/login/passkey"] = (request) => {
        assert.deepEqual(request.body, {passkey_token: "p1", credential: {id: "k1"}});
        return server.loggedIn();
    };
    const ask = async (options) => {
        assert.deepEqual(options, {challenge: "Yw"});
        return {id: "k1"};
    };
    assert.equal((await odoo.logInWithPasskey({ask})).status, "logged-in");
});

test("parameters are written as the API takes them", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient({database: "shop", language: "fr", company: 3});
    await odoo.list("res.partner", {
        fields: ["name"],
        domain: [["active", "=", true]],
        expand: {child_ids: ["name"]},
        order: ["name", "id desc"],
        archived: true,
        search: "azure",
        relations: "id",
        limit: 5,
        page: 2,
    });
    const [{query, headers}] = server.requests;
    assert.deepEqual(query, {
        fields: '["name"]',
        domain: '[["active","=",true]]',
        expand: '{"child_ids":["name"]}',
        order: "name, id desc",
        archived: "1",
        search: "azure",
        relations: "id",
        limit: "5",
        page: "2",
    });
    assert.equal(headers.get("X-Odoo-Database"), "shop");
    assert.equal(headers.get("Accept-Language"), "fr");
    assert.equal(headers.get("X-Odoo-Company"), "3");
});

test("an option that nobody knows is an error", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    await assert.rejects(odoo.list("res.partner", {domian: []}), /no option domian/);
    assert.equal(server.requests.length, 0);
});

test("names in a path are quoted", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    await odoo.list("../login?x=");
    assert.equal(server.requests[0].path, "/api/v1/..%2Flogin%3Fx%3D");
});

test("iterating follows the cursor to the end", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    server.routes["GET /api/v1/res.partner"] = inTurn(
        json(200, {success: true, data: [{id: 1}, {id: 2}], next_cursor: "c2"}),
        json(200, {success: true, data: [{id: 3}]}),
    );
    const ids = [];
    for await (const record of odoo.iterate("res.partner", {order: "name"})) ids.push(record.id);
    assert.deepEqual(ids, [1, 2, 3]);
    assert.deepEqual(server.requests.map((request) => request.query.cursor), ["", "c2"]);
});

test("a download has the bytes and the name of the file", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const headers = {"Content-Type": "image/png", "Content-Disposition": "inline; filename*=UTF-8''d%C3%A9j%C3%A0.png"};
    server.routes["GET /api/v1/res.partner/3/image_1920"] = () => new Response("bytes", {headers});
    const {blob, filename} = await odoo.download("res.partner", 3, "image_1920");
    assert.deepEqual([await blob.text(), blob.type, filename], ["bytes", "image/png", "déjà.png"]);
});
