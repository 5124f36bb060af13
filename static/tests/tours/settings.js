import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const TOKEN = "[name=jwt_access_token_seconds]";

function find(word, label) {
    return [
        {
            content: `search for ${word}`,
            trigger: ".o_searchview_input, .searchInput",
            run: `edit ${word}`,
        },
        {
            content: `${word} finds ${label}`,
            trigger: `.o_setting_box:visible:contains('${label}')`,
        },
    ];
}

/** An administrator finds the settings by what they are about, and enters a duration with its unit. */
registry.category("web_tour.tours").add("jwt_auth_api_settings", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open JWT API",
            trigger: ".o_app[data-menu-xmlid='jwt_auth_api.menu_root']",
            run: "click",
        },
        {
            content: "open its settings",
            trigger: "[data-menu-xmlid='jwt_auth_api.menu_settings']",
            run: "click",
        },
        {
            content: "they are those of this app",
            trigger: `.settings_tab .selected:contains('JWT API')`,
        },
        ...find("CORS", "Allowed Origins"),
        ...find("API", "Request Log"),
        ...find("JWT", "Unused Session"),
        ...find("token", "Access Token"),
        {
            content: "a duration has a unit",
            trigger: `${TOKEN}:has(select option:checked:contains('minutes')) input`,
            run: "edit 2 && press Tab",
        },
        {
            content: "another unit",
            trigger: `${TOKEN} select`,
            run: "selectByLabel hours",
        },
        {
            content: "save, after which Odoo loads the page again",
            trigger: ".o_form_button_save",
            run: "click",
            expectUnloadPage: true,
        },
        {
            content: "it is shown again with the unit in which it was entered",
            trigger: `.o_form_view:not(:has(.o_form_dirty)) ${TOKEN}:has(select option:checked:contains('hours'))`,
        },
    ],
});
