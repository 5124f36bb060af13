// A client that openapi-typescript has made the types of: it compiles strictly, and its story runs.

import createClient from "openapi-fetch";
import type { paths, components } from "./api.js";

const base = process.argv[2]!;
function check(condition: boolean, text: string): asserts condition {
    if (!condition) throw new Error(text);
}
const api = createClient<paths>({ baseUrl: base, headers: { "X-Client-Type": "app" } });
const session = await api.POST("/api/login", { body: { login: "admin", password: "admin" } });
check(session.data !== undefined, "no login");
const token: string = session.data.token;
api.use({ onRequest({ request }) { request.headers.set("Authorization", `Bearer ${token}`); return request; } });

const created = await api.POST("/api/v1/res.partner", {
    params: {},
    body: { values: { name: "Typed", email: null, country_id: { id: 233, display_name: "ignored" } }, fields: ["name", "email", "country_id"] },
});
check(created.data !== undefined, JSON.stringify(created.error));
const partner: components["schemas"]["ResPartner"] = created.data.data;
check(partner.email === null && partner.country_id?.display_name === "United States", JSON.stringify(partner));

const list = await api.GET("/api/v1/res.partner", {
    params: { query: { domain: JSON.stringify([["id", "=", partner.id]]), fields: ["name", "child_ids"], limit: 5 } },
});
check(list.data?.data[0]?.name === "Typed", JSON.stringify(list.error ?? list.data));
const total: number | undefined = list.data.total;
check(total === 1, "total");

const wrong = await api.GET("/api/v1/res.partner", { params: { query: { domain: "[[" } } });
check(wrong.error !== undefined && wrong.data === undefined, "no error");
if ("error" in wrong.error) check(wrong.error.error === "bad_domain", wrong.error.message);

const updated = await api.PUT("/api/v1/res.partner/{id}", { params: { path: { id: partner.id } }, body: { values: { city: "Rome" }, fields: ["city"] } });
check(updated.data?.data.city === "Rome", JSON.stringify(updated.error));
const groups = await api.GET("/api/v1/res.partner/groups", { params: { query: { groupby: ["country_id"], aggregates: ["id:count"] } } });
check((groups.data?.count ?? 0) > 0, JSON.stringify(groups.error));
const deleted = await api.DELETE("/api/v1/res.partner/{id}", { params: { path: { id: partner.id } } });
check(deleted.data?.deleted_id === partner.id, "deleted");
const gone = await api.GET("/api/v1/res.partner/{id}", { params: { path: { id: partner.id } } });
check(gone.response.status === 404 && "error" in gone.error! && gone.error.error === "not_found", "gone");
console.log("typed client works");
