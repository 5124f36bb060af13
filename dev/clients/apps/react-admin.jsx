/** A small app of react-admin, as its documentation writes one: `index.html?odoo=http://127.0.0.1:8069`. */

import {
    Admin,
    Create,
    Datagrid,
    Edit,
    EditGuesser,
    ImageField,
    ImageInput,
    List,
    ListGuesser,
    NumberInput,
    ReferenceField,
    ReferenceInput,
    ReferenceManyField,
    Resource,
    SimpleForm,
    TextField,
    TextInput,
} from "react-admin";
import {createRoot} from "react-dom/client";

import {createClient} from "odoo-jwt-api";
import {authProvider, dataProvider} from "odoo-jwt-api/react-admin";

const odoo = createClient({url: new URLSearchParams(location.search).get("odoo")});

const filters = [
    <TextInput key="q" source="q" label="Search" alwaysOn />,
    <NumberInput key="color" source="color_gte" label="Color from" alwaysOn />,
];

const Contacts = () => (
    <List filters={filters} perPage={5} sort={{field: "name", order: "ASC"}}>
        <Datagrid>
            <TextField source="name" />
            <TextField source="color" />
            <ReferenceField source="country_id" reference="res.country" link={false} />
        </Datagrid>
    </List>
);

const inputs = [
    <TextInput key="name" source="name" />,
    <TextInput key="email" source="email" />,
    <ReferenceInput key="country_id" source="country_id" reference="res.country" />,
    <ImageInput key="image_1920" source="image_1920" accept={{"image/*": [".png"]}}>
        <ImageField source="src" title="title" />
    </ImageInput>,
];

const Contact = () => (
    <Edit mutationMode="pessimistic">
        <SimpleForm>
            {inputs}
            <ReferenceManyField reference="res.partner" target="parent_id">
                <Datagrid bulkActionButtons={false} rowClick={false}>
                    <TextField source="name" />
                </Datagrid>
            </ReferenceManyField>
        </SimpleForm>
    </Edit>
);

const NewContact = () => (
    <Create>
        <SimpleForm>{inputs}</SimpleForm>
    </Create>
);

createRoot(document.querySelector("#root")).render(
    <Admin dataProvider={dataProvider(odoo)} authProvider={authProvider(odoo)}>
        <Resource name="res.partner" options={{label: "Contacts"}} list={Contacts} edit={Contact} create={NewContact} />
        <Resource name="res.country" options={{label: "Countries"}} list={ListGuesser} edit={EditGuesser} />
    </Admin>,
);
