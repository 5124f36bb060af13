// A client that @hey-api/openapi-ts has made: it compiles strictly, and its story runs.

import { client } from "./hey/client.gen.js";
import {
    createResPartner, deleteResPartner, getResPartner, listResPartner, login, updateResPartner,
} from "./hey/sdk.gen.js";

function check(condition: boolean, text: unknown): asserts condition {
    if (!condition) throw new Error(JSON.stringify(text));
}

client.setConfig({ baseUrl: process.argv[2]! });
const session = await login({
    body: { login: "admin", password: "admin" },
    headers: { "X-Client-Type": "app" },
});
check(session.data !== undefined, session.error);
const token: string = session.data.token;
client.setConfig({ auth: () => token });

const created = await createResPartner({
    body: { values: { name: "Hey", email: null, country_id: { id: 233 } }, fields: ["name", "email", "country_id"] },
});
check(created.data !== undefined, created.error);
const partner = created.data.data;
check(partner.email === null, partner);

const list = await listResPartner({
    query: { domain: JSON.stringify([["id", "=", partner.id]]), fields: ["name", "child_ids"] },
});
check(list.data?.data[0]?.name === "Hey" && list.data.total === 1, list.error ?? list.data);

const wrong = await listResPartner({ query: { domain: "[[" } });
check(wrong.data === undefined && "error" in wrong.error! && wrong.error.error === "bad_domain", wrong.error);

const updated = await updateResPartner({ path: { id: partner.id }, body: { values: { city: "Rome" }, fields: ["city"] } });
check(updated.data?.data.city === "Rome", updated.error);
const deleted = await deleteResPartner({ path: { id: partner.id } });
check(deleted.data?.deleted_id === partner.id, deleted.error);
const gone = await getResPartner({ path: { id: partner.id } });
check(gone.response?.status === 404, gone.error);
console.log("typed client works");
