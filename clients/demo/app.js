/**
 * A small app for contacts: log in, list, search, edit, photo, several tabs, without a network, log out.
 *
 * `index.html?odoo=http://127.0.0.1:8069` says where Odoo is.
 */

import {createClient, LoggedOutError, MfaRequiredError, NetworkError} from "../js/src/index.js";

const MODEL = "res.partner";
const FIELDS = ["name", "email", "phone", "parent_id"];

const url = new URLSearchParams(location.search).get("odoo") ?? location.origin;
const odoo = createClient({url});
const main = document.querySelector("main");
const logOut = document.querySelector("#log-out");
/** Ends what the page that is shown has begun, when another one is shown. */
let shown = new AbortController();

// --- which page is shown -----------------------------------------------------------------------

odoo.onAuthStateChange(async ({status, reason}) => {
    logOut.hidden = status !== "logged-in";
    document.querySelector("#user").textContent = "";
    if (status === "unknown") return;
    if (status === "logged-out") {
        showLogIn();
        if (reason === "expired") notify("Your session has ended. Log in again.");
        return;
    }
    await route();
    odoo.me().then(({name}) => (document.querySelector("#user").textContent = name), tell);
});
addEventListener("hashchange", route);
logOut.addEventListener("click", () => odoo.logOut().catch(tell));
begin();

/** Finds out who is logged in; without a network, as soon as there is one. */
async function begin(isRepeated = false) {
    try {
        await odoo.restore();
        if (isRepeated) notify("");
    } catch (error) {
        tell(error);
        setTimeout(begin, 3000, true);
    }
}

async function route() {
    if (odoo.authState.status !== "logged-in") return;
    const [, page, id] = location.hash.split("/");
    try {
        if (page === "contact") await showContact(Number(id));
        else if (page === "new") await showContact(null);
        else await showList();
    } catch (error) {
        if (!shown.signal.aborted) notify(error.message);
    }
}

/** Shows a page of the document's templates; returns its first element and the signal of its end. */
function show(name) {
    shown.abort();
    shown = new AbortController();
    const page = document.querySelector(`#${name}`).content.cloneNode(true);
    main.replaceChildren(page);
    main.querySelector("[autofocus]")?.focus();
    return {page: main, form: main.querySelector("form"), signal: shown.signal};
}

function notify(text) {
    const notice = document.querySelector("#notice");
    notice.textContent = text;
    notice.hidden = !text;
}

function tell(error) {
    // of a session that is over, the page of the log-in tells
    if (!(error instanceof LoggedOutError)) notify(error instanceof NetworkError ? "There is no network." : error.message);
}

/** Does what a form asks for; what goes wrong is told below its inputs. */
function onSubmit(form, work) {
    const told = form.querySelector(".error");
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const button = event.submitter;
        if (button) button.disabled = true;
        told.hidden = true;
        try {
            await work(new FormData(form), event);
        } catch (error) {
            told.textContent = error.message;
            told.hidden = false;
        } finally {
            if (button) button.disabled = false;
        }
    });
}

// --- log in ------------------------------------------------------------------------------------

function showLogIn() {
    const {form} = show("log-in");
    const passkey = form.elements.namedItem("passkey");
    passkey.hidden = globalThis.PublicKeyCredential === undefined;
    passkey.addEventListener("click", () => odoo.logInWithPasskey().catch((error) => notify(error.message)));
    onSubmit(form, async (data) => {
        try {
            await odoo.logIn(data.get("login"), data.get("password"));
            notify("");
        } catch (error) {
            if (!(error instanceof MfaRequiredError)) throw error;
            showCode(error.mfaToken);
        }
    });
}

function showCode(mfaToken) {
    const {form} = show("code");
    onSubmit(form, async (data) => {
        await odoo.logInWithCode(mfaToken, data.get("code"));
        notify("");
    });
}

// --- the list ----------------------------------------------------------------------------------

async function showList() {
    const {page, form, signal} = show("list");
    const list = page.querySelector("ul");
    const more = page.querySelector("#more");
    const row = document.querySelector("#row").content;
    let cursor = "";
    let asked = 0;

    async function load(search) {
        const mine = ++asked;
        const options = {fields: ["name", "email"], order: "name", limit: 20, signal};
        const found = await odoo.list(MODEL, {...options, ...(search && {search}), cursor});
        // a later search may have been faster
        if (mine !== asked) return;
        if (!cursor) list.replaceChildren();
        for (const contact of found.records) {
            const item = row.cloneNode(true);
            item.querySelector("a").href = `#/contact/${contact.id}`;
            item.querySelector("strong").textContent = contact.name;
            item.querySelector("span").textContent = contact.email ?? "";
            list.append(item);
        }
        cursor = found.nextCursor ?? "";
        more.hidden = !found.nextCursor;
    }

    const input = form.elements.namedItem("search");
    input.addEventListener("input", () => {
        cursor = "";
        load(input.value).catch((error) => signal.aborted || notify(error.message));
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    more.addEventListener("click", () => load(input.value).catch((error) => signal.aborted || tell(error)));
    await load("");
}

// --- a contact ---------------------------------------------------------------------------------

async function showContact(id) {
    const {form, signal} = show("contact");
    const {overwrite, remove} = form.elements;
    /** The values of the last try to create the contact, and its key: the same values are created once. */
    let tried = {values: "", idempotencyKey: ""};
    let {record, etag} = id ? await odoo.get(MODEL, id, {fields: FIELDS, signal}) : {record: {}, etag: null};
    fill();

    function fill() {
        for (const name of ["name", "email", "phone"]) form.elements.namedItem(name).value = record[name] ?? "";
        form.elements.namedItem("parent_id").value = record.parent_id?.display_name ?? "";
        overwrite.hidden = true;
        remove.hidden = !id;
    }

    async function save(data, guard) {
        const values = {};
        for (const name of ["name", "email", "phone"]) {
            if (data.get(name) !== (record[name] ?? "")) values[name] = data.get(name) || null;
        }
        if (!navigator.onLine) return saveLater(values);
        if (!id) {
            const text = JSON.stringify(values);
            if (tried.values !== text) tried = {values: text, idempotencyKey: crypto.randomUUID()};
            const made = await odoo.create(MODEL, values, {idempotencyKey: tried.idempotencyKey});
            location.hash = `#/contact/${made.record.id}`;
        } else {
            ({record, etag} = await odoo.update(MODEL, id, values, {etag: guard ? etag : null, fields: FIELDS}));
            fill();
        }
        notify("Saved.");
    }

    async function saveLater(values) {
        await (id ? odoo.queue.update(MODEL, id, values, {etag}) : odoo.queue.create(MODEL, values));
        Object.assign(record, values);
        notify("Saved on this device. It will be sent when there is a network.");
    }

    onSubmit(form, async (data) => {
        try {
            await save(data, true);
        } catch (error) {
            overwrite.hidden = error.code !== "precondition_failed";
            throw error;
        }
    });
    overwrite.addEventListener("click", () => save(new FormData(form), false).catch((error) => notify(error.message)));
    remove.addEventListener("click", async () => {
        await odoo.delete(MODEL, id, {etag}).then(
            () => (location.hash = "#/"),
            (error) => notify(error.message),
        );
    });
    // a new photo makes a new version of the record
    showPhoto(form, id, signal, (version) => (etag = version));
}

async function showPhoto(form, id, signal, changed) {
    const image = form.querySelector("img");
    const input = form.querySelector("input[type=file]");
    form.querySelector(".photo").hidden = !id;
    if (!id) return;

    const load = async () => {
        try {
            const {blob} = await odoo.download(MODEL, id, "image_128", {signal});
            image.src = URL.createObjectURL(blob);
            image.onload = () => URL.revokeObjectURL(image.src);
            image.hidden = false;
        } catch {
            image.hidden = true;
        }
    };
    input.addEventListener("change", async () => {
        try {
            changed((await odoo.upload(MODEL, id, "image_1920", input.files[0], {signal})).etag);
            await load();
        } catch (error) {
            notify(error.message);
        }
    });
    await load();
}

// --- without a network -------------------------------------------------------------------------

addEventListener("offline", () => notify("There is no network. What you save is sent later."));
addEventListener("online", () => notify(""));
odoo.queue.onChange(async (event) => {
    if (event.type === "done") {
        notify("What you saved without a network is sent.");
        await route();
    } else if (event.type === "refused") {
        notify(`${event.entry.values?.name ?? "A change"} was not saved: ${event.entry.error.message}`);
        await odoo.queue.discard(event.entry.id);
    }
});
