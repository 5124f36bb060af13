/** The tokens go to the client's own server alone, whatever path is asked for and wherever it redirects. */

import assert from "node:assert/strict";
import {once} from "node:events";
import {createServer} from "node:http";
import {afterEach, test} from "node:test";

import {AddressError, ApiError, createClient, memoryStorage, NetworkError} from "../src/index.js";
import {dataProvider} from "../src/refine.js";
import {accessToken, FakeServer} from "./fake.js";

const FOREIGN = [
    ".evil.example/x",
    ":8185/x",
    "@evil.example/x",
    "//evil.example/x",
    "/\\evil.example/x",
    "/\t/evil.example/x",
    "https://evil.example/x",
    "https://odoo.example.com.evil.example/api/me",
    "https://odoo.example.com@evil.example/api/me",
    "https://odoo.example.com//evil.example/x",
    "api/me",
    "",
];
const isAddressError = (error) => error instanceof AddressError && error instanceof ApiError && error.code === "foreign_address";

/** Makes this process a page of an origin until the end of the test. */
function beInPage(origin, baseURI) {
    Object.assign(globalThis, {document: {baseURI}, origin, location: new URL(origin)});
}
const ends = [];
afterEach(async () => {
    for (const name of ["document", "origin", "location"]) delete globalThis[name];
    await Promise.all(ends.splice(0).map((end) => end()));
});

for (const path of FOREIGN) {
    test(`no token is sent for the path ${JSON.stringify(path)}`, async () => {
        const server = new FakeServer();
        const odoo = await server.loggedInClient();
        await assert.rejects(odoo.request("GET", path), isAddressError);
        await assert.rejects(dataProvider(odoo).custom({url: path, method: "get"}), isAddressError);
        assert.deepEqual(server.requests, []);
    });
    test(`no token is sent by a page of Odoo for the path ${JSON.stringify(path)}`, async () => {
        beInPage("https://odoo.example.com", "https://odoo.example.com/web");
        const server = new FakeServer();
        const odoo = await server.loggedInClient({url: ""});
        await assert.rejects(odoo.request("GET", path), isAddressError);
        await assert.rejects(dataProvider(odoo).custom({url: path, method: "get"}), isAddressError);
        assert.deepEqual(server.requests, []);
    });
}

for (const [url, base] of [
    ["", "https://odoo.example.com"],
    ["/odoo/", "https://odoo.example.com/odoo"],
    ["https://odoo.example.com/odoo", "https://odoo.example.com/odoo"],
]) {
    test(`a full address below the url "${url}" is a path for refine`, async () => {
        beInPage("https://odoo.example.com", "https://odoo.example.com/web");
        const addresses = [];
        const server = new FakeServer();
        const fetch = (address, init) => {
            addresses.push(address);
            return server.fetch(address.replace("/odoo/", "/"), init);
        };
        const odoo = await server.loggedInClient({url, fetch});
        assert.equal(odoo.url, base);
        addresses.length = 0;
        await dataProvider(odoo).custom({url: `${base}/api/me`, method: "get"});
        await dataProvider(odoo).custom({url: "/api/me", method: "get"});
        assert.deepEqual(addresses, [`${base}/api/me`, `${base}/api/me`]);
    });
}

test("a page whose <base> is on another host logs in to its own", async () => {
    beInPage("https://odoo.example.com", "https://evil.example/");
    const hosts = [];
    const server = new FakeServer();
    const fetch = (address, init) => {
        hosts.push(new URL(address, document.baseURI).host);
        return server.fetch(address, init);
    };
    await server.client({url: "", fetch}).logIn("demo", "demo");
    assert.deepEqual(hosts, ["odoo.example.com"]);
});

/** Starts a server; returns its address and the requests that it gets. */
async function serve(answer) {
    const requests = [];
    const server = createServer((request, response) => {
        requests.push(request.url);
        answer(request, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
    return {url: `http://127.0.0.1:${server.address().port}`, requests};
}

for (const status of [301, 302, 303, 307, 308]) {
    test(`${status} is not followed, with a refresh token or without one`, async () => {
        const other = await serve((request, response) => response.end("{}"));
        const here = await serve((request, response) => {
            if (request.url === "/api/login") {
                response.end(JSON.stringify({token: accessToken(), refreshToken: "v1.0", user_id: 7}));
            } else {
                response.writeHead(status, {Location: other.url + request.url}).end();
            }
        });
        const isRedirected = (error) => {
            assert.ok(error instanceof NetworkError);
            assert.deepEqual([error.code, error.status, error.uncertain], ["redirected", status, false]);
            assert.match(error.message, /http:\/\/ in place of https:\/\//);
            return true;
        };
        const odoo = createClient({url: here.url, storage: memoryStorage()});
        await odoo.logIn("demo", "demo");
        await assert.rejects(odoo.list("res.partner"), isRedirected);
        await assert.rejects(odoo.create("res.partner", {name: "Ada"}), isRedirected);
        await assert.rejects(odoo.download("res.partner", 3, "image_1920"), isRedirected);
        await assert.rejects(odoo.rotateRefreshToken(), isRedirected);
        assert.equal(odoo.authState.status, "logged-in");
        await assert.rejects(odoo.logOut(), isRedirected);
        assert.deepEqual(other.requests, []);
        // each of them was sent once: to send it again would not help
        assert.equal(here.requests.length, 6);
    });
}

test("what is behind a redirect that was followed all the same is no response", async () => {
    const server = new FakeServer();
    const odoo = await server.loggedInClient();
    const followed = (request) => {
        server.requests.push(request);
        return Object.defineProperty(new Response('{"success": true}', {status: 201}), "redirected", {value: true});
    };
    server.routes["POST /api/v1/res.partner"] = followed;
    await assert.rejects(odoo.create("res.partner", {}), {code: "redirected", uncertain: true});
});
