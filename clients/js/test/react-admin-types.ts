/** The providers are what react-admin takes: compiled by `tsc --strict`, never run. */

import {createClient} from "odoo-jwt-api";
import {authProvider, dataProvider} from "odoo-jwt-api/react-admin";
import type {AuthProvider, DataProvider} from "ra-core";

const odoo = createClient({url: "https://odoo.example.com"});

export const data: DataProvider = dataProvider(odoo, {fields: {"res.partner": ["name"]}});
export const auth: AuthProvider = authProvider(odoo);
// @ts-expect-error: an option that does not exist
dataProvider(odoo, {feilds: {}});
