import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const ROW = ".o_data_row:contains('res.currency')";
const PHONE = ".o_data_row:contains('Safari on iPhone')";

const SENTENCE = ".o_form_view [name=exposure]";
const WARNING = ".o_form_view .alert-warning [name=exposure_warning]";
const DANGER = ".o_form_view .alert-danger [name=exposure_danger]";
const FILTER = ".o_form_view .o_field_api_domain .o_api_filter_text input";
const FIELDS = ".o_form_view .o_field_api_fields";

function choose(field, name) {
    return [
        {
            content: `look for ${name}`,
            trigger: `.o_form_view [name=${field}] input`,
            run: `edit ${name}`,
        },
        {
            content: `choose ${name}`,
            trigger: `.o-autocomplete--dropdown-item > a:contains('${name}')`,
            run: "click",
        },
    ];
}

function openApp() {
    return [
        stepUtils.showAppsMenuItem(),
        {
            content: "open JWT API",
            trigger: ".o_app[data-menu-xmlid='jwt_auth_api.menu_root']",
            run: "click",
        },
    ];
}

registry.category("web_tour.tours").add("jwt_auth_api_connection", {
    steps: () => [
        ...openApp(),
        {
            content: "switch creating on, in place",
            trigger: `${ROW} [name=is_post] input:not(:checked)`,
            run: "click",
        },
        {
            content: "open the form once it is on",
            trigger: `${ROW}:has([name=is_post] input:checked) [name=model_id]`,
            run: "click",
        },
        {
            content: "it says in plain words what is open",
            trigger: ".o_form_view [name=exposure]:contains('may read and create any record')",
        },
        {
            content: "and warns of writing",
            trigger: ".o_form_view .alert-warning [name=exposure_warning]",
        },
        {
            content: "switch creating off again",
            trigger: ".o_form_view [name=is_post] input:checked",
            run: "click",
        },
        {
            content: "the sentence follows",
            trigger: `${SENTENCE}:contains('may read any record')`,
        },
        ...choose("group_ids", "JWT API / Manager"),
        {
            content: "it says for whom it is",
            trigger: `${SENTENCE}:contains('Every member of JWT API / Manager')`,
        },
        {
            content: "open the filter",
            trigger: ".o_form_view a[name=records]",
            run: "click",
        },
        {
            content: "filter the records",
            trigger: FILTER,
            run: `edit [('id', '=', user.company_id.write)]`,
        },
        {
            content: "leave the field",
            trigger: FILTER,
            run: "press Tab",
        },
        {
            content: "what is no filter is told before it is saved",
            trigger: `${DANGER}:contains('invalid at “user.company_id.write”')`,
        },
        {
            content: "mend it",
            trigger: FILTER,
            run: `edit [('id', '=', user.company_id.currency_id.id)]`,
        },
        {
            content: "leave the field",
            trigger: FILTER,
            run: "press Tab",
        },
        {
            content: "it says which records",
            trigger: `${SENTENCE}:contains('that match the filter')`,
        },
        {
            content: "open the fields",
            trigger: ".o_form_view a[name=fields]",
            run: "click",
        },
        {
            content: "every field is open, and the list says so",
            trigger: `${FIELDS}:has([data-name=name] input:checked) .o_api_summary:contains('All fields')`,
        },
        {
            content: "nothing is written here",
            trigger: `${FIELDS}:not(:has(th[data-column=write_field_ids]))`,
        },
        {
            content: "close all of them",
            trigger: `${FIELDS} th[data-column=read_field_ids] .o_api_none`,
            run: "click",
        },
        {
            content: "no selection does not open everything",
            trigger: `${SENTENCE}:contains('Nothing is open')`,
        },
        {
            content: "it cannot be saved",
            trigger: ".o_form_button_save[disabled]",
        },
        {
            content: "find a field by its technical name",
            trigger: `${FIELDS} .o_api_search`,
            run: "edit currency_unit_label",
        },
        {
            content: "select it",
            trigger: `${FIELDS} tr[data-name=currency_unit_label]:contains('char') input`,
            run: "click",
        },
        {
            content: "it says which fields",
            trigger: `${SENTENCE}:contains('They see Currency Unit')`,
        },
        {
            content: "open the actions",
            trigger: ".o_form_view a[name=actions]",
            run: "click",
        },
        {
            content: "choose one of the model's methods",
            trigger: ".o_form_view .o_api_choose_actions",
            run: "click",
        },
        {
            content: "find it",
            trigger: ".modal .o_api_search",
            run: "edit amount_to_text",
        },
        {
            content: "select it",
            trigger: ".modal [data-name=amount_to_text] input",
            run: "click",
        },
        {
            content: "apply",
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "it is listed with its parameters",
            trigger: "[name=action_ids] .o_data_row:contains('amount_to_text'):contains('(amount)')",
        },
        {
            content: "it says what may be called",
            trigger: `${SENTENCE}:contains('call amount_to_text')`,
        },
        {
            content: "and warns of it",
            trigger: `${WARNING}:contains('Actions can change the records that they are called on')`,
        },
        {
            content: "let the user's own rights count",
            trigger: ".o_form_view [name=run_as] input[data-value=user]",
            run: "click",
        },
        {
            content: "nothing is left to warn of",
            trigger: `.o_form_view:not(:has(.alert-warning, .alert-danger)) [name=exposure]:contains('within their own access rights')`,
        },
        {
            content: "save",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            content: "saved",
            trigger: ".o_form_view .o_form_saved",
        },
        {
            content: "see how it is used",
            trigger: ".o_form_view a[name=usage]",
            run: "click",
        },
        {
            content: "in another language",
            trigger: ".o_api_usage [data-language=python]",
            run: "click",
        },
        {
            content: "there is a request for it, with its one field",
            trigger: ".o_api_usage [data-request='list '] pre:contains('currency_unit_label')",
        },
        {
            content: "the documentation of the model is a click away",
            trigger: ".o_api_usage a[data-link=documentation][href='/api/docs/res.currency']",
        },
        {
            content: "and none for what is closed",
            trigger: ".o_api_usage:not(:has([data-request='delete ']))",
        },
        {
            content: "go back",
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            content: "the list shows what was saved",
            trigger: `${ROW}:has([name=is_post] input:not(:checked))`,
        },
    ],
});

registry.category("web_tour.tours").add("jwt_auth_api_sessions", {
    steps: () => [
        ...openApp(),
        {
            content: "open the sessions",
            trigger: "[data-menu-xmlid='jwt_auth_api.menu_sessions']",
            run: "click",
        },
        {
            content: "revoke the one of a lost phone",
            trigger: `${PHONE} button[name=action_revoke]`,
            run: "click",
        },
        {
            content: "confirm",
            trigger: ".modal:contains('Revoke this session?') .btn-primary",
            run: "click",
        },
        {
            content: "it is no longer among the active ones; select all that are left",
            trigger: `.o_list_view:not(:has(${PHONE})) thead .o_list_record_selector input`,
            run: "click",
        },
        {
            content: "revoke the selection",
            trigger: ".o_control_panel button[name=action_revoke]",
            run: "click",
        },
        {
            content: "confirm",
            trigger: ".modal:contains('Revoke these sessions?') .btn-primary",
            run: "click",
        },
        {
            content: "none is left",
            trigger: ".o_view_nocontent",
        },
    ],
});
