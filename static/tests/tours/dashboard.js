import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const TILE = (name, value) => `.o_jwt_dashboard_tile[data-name=${name}]:contains('${value}')`;

registry.category("web_tour.tours").add("jwt_auth_api_dashboard", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open JWT API",
            trigger: ".o_app[data-menu-xmlid='jwt_auth_api.menu_root']",
            run: "click",
        },
        {
            content: "open the dashboard",
            trigger: "[data-menu-xmlid='jwt_auth_api.menu_dashboard']",
            run: "click",
        },
        {
            content: "it says that nothing is logged, and leads to the connections",
            trigger: ".o_jwt_dashboard_unlogged button",
            run: "click",
        },
        {
            content: "the connections are open; go back",
            trigger: ".o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            content: "one request of the last seven days was refused",
            trigger: TILE("errors", "50 %"),
        },
        {
            content: "it is among the slowest models",
            trigger: ".o_jwt_dashboard_slowest:contains('res.partner')",
        },
        {
            content: "the requests are drawn",
            trigger: ".o_jwt_dashboard_graph canvas",
        },
        {
            content: "look at a month",
            trigger: ".o_jwt_dashboard [data-days='30']",
            run: "click",
        },
        {
            content: "there are more requests; open them",
            trigger: TILE("requests", "3"),
            run: "click",
        },
        {
            content: "the list shows them; go back",
            trigger: ".o_list_view:has(.o_data_row:eq(2)) .o_breadcrumb .o_back_button",
            run: "click",
        },
        {
            content: "open the failed logins",
            trigger: TILE("failed_logins", "1"),
            run: "click",
        },
        {
            content: "the event is listed",
            trigger: ".o_list_view .o_data_row:contains('Wrong login or password')",
        },
    ],
});
