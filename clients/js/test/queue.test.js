/** The queue of writes: stored first, sent in order, refused ones kept. */

import assert from "node:assert/strict";
import {test} from "node:test";

import {LoggedOutError, memoryStorage} from "../src/index.js";
import {FakeServer, json, refused} from "./fake.js";

const KEY = "odoo-jwt-api.https_odoo.example.com_.queue";

/** A server with records, and a network that can be off. */
class Records extends FakeServer {
    constructor() {
        super();
        this.offline = false;
        this.loses = 0;
        this.log = [];
        this.keys = new Map();
        const {fetch} = this;
        this.fetch = async (url, init) => {
            if (this.offline) throw new TypeError("fetch failed");
            const answer = await fetch(url, init);
            if (answer.status < 300 && init.method !== "GET" && this.loses-- > 0) throw new TypeError("fetch failed");
            return answer;
        };
        this.routes["POST /api/v1/res.partner"] = (request) => this.create(request);
    }

    create({headers, body}) {
        const key = headers.get("Idempotency-Key");
        if (body.values.name === "") return refused(422, "validation_error", {fields: {name: ["Missing."]}});
        if (!this.keys.has(key)) {
            const id = 100 + this.keys.size;
            this.keys.set(key, id);
            this.log.push(["create", id, body.values]);
            this.allow(id);
        }
        return json(201, {success: true, data: {id: this.keys.get(key)}});
    }

    /** Makes a record that can be changed; its tag is its version. */
    allow(id, version = 1) {
        this.routes[`PATCH /api/v1/res.partner/${id}`] = ({headers, body}) => {
            const tag = headers.get("If-Match");
            if (tag && tag !== `"${version}"`) return refused(412, "precondition_failed");
            version++;
            this.log.push(["update", id, body.values]);
            return json(200, {success: true, data: {id}}, {ETag: `"${version}"`});
        };
        this.routes[`DELETE /api/v1/res.partner/${id}`] = () => {
            this.log.push(["delete", id]);
            return json(200, {deleted_id: id});
        };
        this.routes[`POST /api/v1/res.partner/${id}/action_x`] = ({body}) => {
            this.log.push(["action", id, body.args]);
            return json(200, {success: true, result: true});
        };
    }
}

const offline = async (options) => {
    const server = new Records();
    const odoo = await server.loggedInClient({retries: 0, ...options});
    server.offline = true;
    return {server, odoo};
};
const states = async (odoo) => (await odoo.queue.entries()).map((entry) => `${entry.kind} ${entry.state}`);

test("what is written without a network is sent later, in order", async () => {
    const {server, odoo} = await offline();
    const id = await odoo.queue.create("res.partner", {name: "Ada"});
    assert.match(id, /^new:/);
    await odoo.queue.update("res.partner", id, {email: "ada@example.com"});
    await odoo.queue.create("res.partner", {name: "Child", parent_id: id, child_ids: [[4, id]]});
    await odoo.queue.action("res.partner", id, "action_x", {args: [1]});
    await odoo.queue.delete("res.partner", id);
    await odoo.queue.replay();
    assert.equal((await odoo.queue.entries()).length, 5);
    assert.deepEqual(server.log, []);

    server.offline = false;
    await odoo.queue.replay();
    assert.deepEqual(server.log, [
        ["create", 100, {name: "Ada"}],
        ["update", 100, {email: "ada@example.com"}],
        ["create", 101, {name: "Child", parent_id: 100, child_ids: [[4, 100]]}],
        ["action", 100, [1]],
        ["delete", 100],
    ]);
    assert.deepEqual(await odoo.queue.entries(), []);
    assert.equal(await odoo.queue.idOf(id), 100);
    odoo.close();
});

test("a preliminary id is good after its record has been created", async () => {
    const {server, odoo} = await offline();
    server.offline = false;
    const id = await odoo.queue.create("res.partner", {name: "Ada"});
    await odoo.queue.replay();
    await odoo.queue.update("res.partner", id, {name: "Ada 2"});
    await odoo.queue.replay();
    assert.deepEqual(server.log.at(-1), ["update", 100, {name: "Ada 2"}]);
});

test("with a network, a write is sent at once", async () => {
    const server = new Records();
    const odoo = await server.loggedInClient();
    const done = new Promise((resolve) => odoo.queue.onChange((event) => event.type === "done" && resolve(event)));
    const id = await odoo.queue.create("res.partner", {name: "Ada"});
    const event = await done;
    assert.equal(event.entry.record, id);
    assert.deepEqual(event.result, {id: 100});
});

test("a create whose response is lost makes one record, after a restart too", async () => {
    const storage = memoryStorage();
    const {server, odoo} = await offline({storage});
    server.offline = false;
    server.loses = 1;
    const paused = new Promise((resolve) => odoo.queue.onChange((event) => event.type === "paused" && resolve()));
    await odoo.queue.create("res.partner", {name: "Ada"});
    await paused;
    assert.equal(server.log.length, 1);
    assert.deepEqual(await states(odoo), ["create waiting"]);
    odoo.close();
    const again = server.client({storage, retries: 0});
    await again.restore();
    await again.queue.replay();
    assert.equal(server.log.length, 1);
    assert.deepEqual(await again.queue.entries(), []);
    again.close();
});

test("a conflict is told and kept; what is about the same record waits, the rest goes on", async () => {
    const {server, odoo} = await offline();
    server.allow(3, 2);
    server.allow(4);
    const events = [];
    odoo.queue.onChange((event) => events.push(event.type));
    const first = await odoo.queue.update("res.partner", 3, {name: "Mine"}, {etag: '"1"'});
    await odoo.queue.update("res.partner", 3, {email: "mine@example.com"});
    await odoo.queue.update("res.partner", 4, {name: "Other"});
    server.offline = false;
    await odoo.queue.replay();
    assert.deepEqual(server.log, [["update", 4, {name: "Other"}]]);
    const [refusedEntry] = await odoo.queue.entries();
    assert.deepEqual([refusedEntry.id, refusedEntry.state], [first.id, "refused"]);
    assert.equal(refusedEntry.error.code, "precondition_failed");
    assert.ok(events.includes("refused"));

    await odoo.queue.retry(first.id, {etag: null});
    assert.deepEqual(server.log.slice(1), [
        ["update", 3, {name: "Mine"}],
        ["update", 3, {email: "mine@example.com"}],
    ]);
    assert.deepEqual(await odoo.queue.entries(), []);
});

test("two changes of one version follow each other without a conflict", async () => {
    const {server, odoo} = await offline();
    server.allow(3);
    await odoo.queue.update("res.partner", 3, {name: "A"}, {etag: '"1"'});
    await odoo.queue.update("res.partner", 3, {name: "B"}, {etag: '"1"'});
    server.offline = false;
    await odoo.queue.replay();
    assert.deepEqual(server.log, [
        ["update", 3, {name: "A"}],
        ["update", 3, {name: "B"}],
    ]);
});

test("a refused create is corrected, or discarded with all that needs it", async () => {
    const {server, odoo} = await offline();
    const bad = await odoo.queue.create("res.partner", {name: ""});
    await odoo.queue.update("res.partner", bad, {email: "x@example.com"});
    const worse = await odoo.queue.create("res.partner", {name: ""});
    await odoo.queue.create("res.partner", {name: "Child", parent_id: worse});
    server.offline = false;
    await odoo.queue.replay();
    assert.deepEqual(await states(odoo), ["create refused", "update waiting", "create refused", "create waiting"]);
    const [first, , third] = await odoo.queue.entries();
    assert.deepEqual(first.error.fields, {name: ["Missing."]});
    await odoo.queue.retry(first.id, {values: {name: "Good"}});
    assert.deepEqual(server.log, [
        ["create", 100, {name: "Good"}],
        ["update", 100, {email: "x@example.com"}],
    ]);
    assert.equal((await odoo.queue.discard(third.id)).length, 2);
    assert.deepEqual(await odoo.queue.entries(), []);
});

test("a write of one user is never sent as another", async () => {
    const storage = memoryStorage();
    const {server, odoo} = await offline({storage});
    await odoo.queue.create("res.partner", {name: "Ada"});
    await odoo.queue.replay();
    server.offline = false;
    await odoo.logOut();
    Object.assign(server, {userId: 8, session: "s2", refreshToken: "v1.7"});
    await odoo.logIn("other", "other");
    await odoo.queue.replay();
    assert.deepEqual(server.log, []);
    await odoo.logOut();
    Object.assign(server, {userId: 7, session: "s3", refreshToken: "v1.8"});
    await odoo.logIn("demo", "demo");
    await odoo.queue.replay();
    assert.equal(server.log.length, 1);
});

test("a restarted page with the cookie of another user sends nothing of the first", async () => {
    const storage = memoryStorage();
    const {server, odoo} = await offline({storage, mode: "browser"});
    await odoo.queue.create("res.partner", {name: "Ada"});
    await odoo.queue.replay();
    odoo.close();
    Object.assign(server, {offline: false, userId: 8, session: "s2"});
    const page = server.client({storage, mode: "browser"});
    await page.queue.replay();
    await page.restore();
    await page.queue.replay();
    assert.deepEqual(server.log, []);
    page.close();
});

test("nobody can queue who has not logged in", async () => {
    const server = new Records();
    await assert.rejects(server.client().queue.create("res.partner", {}), LoggedOutError);
});

test("a create that may have been executed too long ago is not repeated", async () => {
    const storage = memoryStorage();
    const {server, odoo} = await offline({storage});
    await odoo.queue.create("res.partner", {name: "Ada"});
    await odoo.queue.replay();
    const stored = JSON.parse(storage.getItem(KEY));
    stored.entries[0].sentAt = Date.now() - 24 * 3600 * 1000;
    storage.setItem(KEY, JSON.stringify(stored));
    server.offline = false;
    await odoo.queue.replay();
    const [entry] = await odoo.queue.entries();
    assert.deepEqual([entry.state, entry.error.code], ["refused", "outcome_unknown"]);
    assert.deepEqual(server.log, []);
});

test("clients of one storage lose no entry of each other", async () => {
    const storage = memoryStorage();
    const {odoo, server} = await offline({storage});
    const other = server.client({storage});
    const writes = Array.from({length: 10}, (_, each) =>
        (each % 2 ? odoo : other).queue.create("res.partner", {name: `Nr ${each}`}),
    );
    await Promise.all(writes);
    assert.equal((await odoo.queue.entries()).length, 10);
    odoo.close();
    other.close();
});
