/** A small app of refine without a library of components: `index.html?odoo=http://127.0.0.1:8069`. */

import {Refine, useCreate, useDelete, useList, useOne, useSelect, useUpdate} from "@refinedev/core";
import {useEffect, useState} from "react";
import {createRoot} from "react-dom/client";

import {createClient} from "odoo-jwt-api";
import {dataProvider} from "odoo-jwt-api/refine";

const odoo = createClient({url: new URLSearchParams(location.search).get("odoo")});
const resource = "res.partner";
const meta = {fields: ["name", "email", "color", "country_id"]};

function Contacts({open}) {
    const [currentPage, setPage] = useState(1);
    const [order, setOrder] = useState("asc");
    const [search, setSearch] = useState("");
    const {result, query} = useList({
        resource,
        meta,
        pagination: {currentPage, pageSize: 5},
        sorters: [{field: "color", order}],
        filters: [{field: "name", operator: "startswith", value: search}],
    });
    return (
        <section>
            <label>Search <input value={search} onChange={(event) => setSearch(event.target.value)} /></label>
            <button onClick={() => setOrder(order === "asc" ? "desc" : "asc")}>Sort</button>
            <button onClick={() => setPage(currentPage + 1)}>Next</button>
            <output>{query.isError ? query.error.message : `${result.total ?? 0} contacts`}</output>
            <ul>
                {result.data?.map(({id, name}) => <li key={id}><button onClick={() => open(id)}>{name}</button></li>)}
            </ul>
        </section>
    );
}

function Contact({id, close}) {
    const {result: record} = useOne({resource, id, meta});
    const {options} = useSelect({resource: "res.country", optionLabel: "name", meta: {fields: ["name"]}, pagination: {mode: "off"}});
    const {mutate: update, mutation} = useUpdate();
    const {mutate: remove} = useDelete();
    const [values, setValues] = useState({});
    useEffect(() => setValues({}), [record]);
    const save = (event) => {
        event.preventDefault();
        update({resource, id, values, meta});
    };
    return (
        <form onSubmit={save}>
            <h2>{record?.name}</h2>
            <label>
                E-mail
                <input
                    value={values.email ?? record?.email ?? ""}
                    onChange={(event) => setValues({...values, email: event.target.value})}
                />
            </label>
            <label>
                Country
                <select
                    value={values.country_id ?? record?.country_id ?? ""}
                    onChange={(event) => setValues({...values, country_id: Number(event.target.value)})}
                >
                    <option value="" />
                    {options.map(({value, label}) => <option key={value} value={value}>{label}</option>)}
                </select>
            </label>
            <button>Save</button>
            <button type="button" onClick={() => remove({resource, id}, {onSuccess: close})}>Delete</button>
            <button type="button" onClick={close}>Close</button>
            <output>{mutation.isSuccess ? "Saved." : mutation.error?.message}</output>
        </form>
    );
}

function NewContact({open}) {
    const {mutate} = useCreate();
    const make = (data) => mutate({resource, values: {name: data.get("new")}, meta}, {onSuccess: (made) => open(made.data.id)});
    return (
        <form action={make}>
            <label>New contact <input name="new" /></label>
            <button>Create</button>
        </form>
    );
}

function App() {
    const [id, open] = useState(null);
    const [, setState] = useState(odoo.authState);
    useEffect(() => odoo.onAuthStateChange(setState), []);
    if (odoo.authState.status !== "logged-in") return <button onClick={() => odoo.logIn("demo", "demo")}>Log in</button>;
    return id ? <Contact id={id} close={() => open(null)} /> : <><NewContact open={open} /><Contacts open={open} /></>;
}

const options = {disableTelemetry: true, reactQuery: {clientConfig: {defaultOptions: {queries: {retry: false}}}}};
createRoot(document.querySelector("#root")).render(
    <Refine dataProvider={dataProvider(odoo)} resources={[{name: resource}, {name: "res.country"}]} options={options}>
        <App />
    </Refine>,
);
