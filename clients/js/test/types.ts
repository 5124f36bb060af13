/** What TypeScript makes of the client: compiled by `tsc --strict`, never run. */

import {ApiError, createClient, MfaRequiredError, type Page, type Reference} from "odoo-jwt-api";

interface Partner {
    id: number;
    name: string;
    parent_id: Reference | null;
}

const odoo = createClient<{"res.partner": Partner}>({url: "https://odoo.example.com", storage: localStorage});

export async function story(signal: AbortSignal): Promise<string> {
    const stop: () => void = odoo.onAuthStateChange((state) => console.log(state.status, state.userId));
    try {
        await odoo.logIn("demo", "demo", {signal});
    } catch (error) {
        if (error instanceof MfaRequiredError) await odoo.logInWithCode(error.mfaToken, "123456");
        else if (error instanceof ApiError && error.retryAfter) console.log(error.retryAfter.toFixed());
        else throw error;
    }
    const page: Page<Partner> = await odoo.list("res.partner", {
        domain: ["|", ["name", "ilike", "a"], ["active", "=", true]],
        expand: {parent_id: ["name"], child_ids: {fields: ["name"], limit: 3}},
    });
    for await (const partner of odoo.iterate("res.partner")) console.log(partner.parent_id?.display_name);
    // a model without a type
    const {record} = await odoo.get("sale.order", 3);
    console.log(record.id, record.amount_total);
    const {etag} = await odoo.update("res.partner", 3, {name: "x"}, {etag: '"1"'});
    await odoo.delete("res.partner", 3, {etag});
    await odoo.upload("res.partner", 3, "image_1920", new Uint8Array([1]), {type: "image/png"});
    odoo.queue.onChange((event) => {
        if (event.type === "refused") console.log(event.entry.error?.code);
    });
    // @ts-expect-error: an option that does not exist
    await odoo.list("res.partner", {domian: []});
    // @ts-expect-error: a field that the record does not have
    page.records[0].nmae;
    // @ts-expect-error: a mode that does not exist
    createClient({mode: "web"});
    stop();
    return page.records[0].name;
}
