import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const FIELDS = ".modal .o_field_api_fields";
const METHODS = ".modal .o_field_api_methods";

/** A manager of connections opens a model with a filter, fields and an action. */
registry.category("web_tour.tours").add("jwt_auth_api_wizard", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open JWT API",
            trigger: ".o_app[data-menu-xmlid='jwt_auth_api.menu_root']",
            run: "click",
        },
        {
            content: "open a model",
            trigger: "button:contains('Open a Model')",
            run: "click",
        },
        {
            content: "find a model by its technical name",
            trigger: ".modal [name=model_id] input",
            run: "edit res.currency",
        },
        {
            content: "choose it",
            trigger: ".o-autocomplete--dropdown-item > a:contains('res.currency'):not(:contains('rate'))",
            run: "click",
        },
        {
            content: "it says in plain words what will be open",
            trigger: ".modal [name=exposure]:contains('may read any record')",
        },
        {
            content: "write a filter of one's own",
            trigger: ".modal .o_radio_item input[data-value=custom]",
            run: "click",
        },
        {
            content: "with a name that the browser does not know, and a mistake",
            trigger: ".modal .o_api_filter_text input",
            run: "edit [('id', '=', user.company_id.write)]",
        },
        {
            content: "leave the field",
            trigger: ".modal .o_api_filter_text input",
            run: "press Tab",
        },
        {
            content: "the server says what is wrong",
            trigger: ".modal .o_field_api_domain [role=alert]:contains('user.company_id.write')",
        },
        {
            content: "mend it",
            trigger: ".modal .o_api_filter_text input",
            run: "edit [('id', '=', user.company_id.currency_id.id)]",
        },
        {
            content: "leave the field",
            trigger: ".modal .o_api_filter_text input",
            run: "press Tab",
        },
        {
            content: "it counts, and nothing complains",
            trigger: ".modal .o_field_api_domain:contains('Records that you can see: 1'):not(:has([role=alert]))",
        },
        {
            content: "read none of the fields that are proposed",
            trigger: `${FIELDS} th[data-column=read_field_ids] .o_api_none`,
            run: "click",
        },
        {
            content: "no selection opens nothing, and the list says so",
            trigger: `${FIELDS} .o_api_summary.text-danger:contains('No field is selected')`,
        },
        {
            content: "find a field by its label",
            trigger: `${FIELDS} .o_api_search`,
            run: "edit Currency Unit",
        },
        {
            content: "select it",
            trigger: `${FIELDS} [data-name=currency_unit_label] input`,
            run: "click",
        },
        {
            content: "the list says how many",
            trigger: `${FIELDS} .o_api_summary:contains('1 of')`,
        },
        {
            content: "find a method that is no button",
            trigger: `${METHODS} .o_api_search`,
            run: "edit amount_to",
        },
        {
            content: "select it",
            trigger: `${METHODS} [data-name=amount_to_text]:contains('(amount)') input`,
            run: "click",
        },
        {
            content: "the sentence follows",
            trigger: ".modal [name=exposure]:contains('call amount_to_text')",
        },
        {
            content: "let the user's own rights count: only administrators may lift them with an action",
            trigger: ".modal [name=run_as] input[data-value=user]",
            run: "click",
        },
        {
            content: "the sentence follows",
            trigger: ".modal [name=exposure]:contains('within their own access rights')",
        },
        {
            content: "create the connection",
            trigger: ".modal-footer button[name=action_open]",
            run: "click",
        },
        {
            content: "its form is there, as if it had been opened in the list",
            trigger: ".o_breadcrumb:not(:has(.o_back_button ~ .o_back_button)) .breadcrumb-item:contains('Connections')",
        },
        {
            content: "it says what is open",
            trigger: "body:not(:has(.modal)) .o_form_view [name=exposure]:contains('that match the filter')",
        },
    ],
});
