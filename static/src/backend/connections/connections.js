import { registry } from "@web/core/registry";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

/** A list of connections whose button "Open a Model", in place of "New", starts the wizard. */
export class ApiConnectionListController extends ListController {
    static template = "jwt_auth_api.ConnectionList";

    async createRecord() {
        await openWizard(this);
    }
}

/** The same for the cards, which phones show in place of the list. */
export class ApiConnectionKanbanController extends KanbanController {
    static template = "jwt_auth_api.ConnectionKanban";

    async createRecord() {
        await openWizard(this);
    }
}

function openWizard(controller) {
    return controller.actionService.doAction("jwt_auth_api.connection_api_wizard_action", {
        onClose: () => controller.model.load(),
    });
}

registry.category("views").add("api_connection_list", {
    ...listView,
    Controller: ApiConnectionListController,
});
registry.category("views").add("api_connection_kanban", {
    ...kanbanView,
    Controller: ApiConnectionKanbanController,
});

/** Show the form of a connection as if it had been opened in the list, and close the wizard. */
export async function showConnection(env, { params }) {
    const { action } = env.services;
    await action.doAction({ type: "ir.actions.act_window_close" });
    if (action.currentController?.action.res_model !== "connection.api") {
        await action.doAction("jwt_auth_api.connection_api_action", { clearBreadcrumbs: true });
    }
    await action.switchView("form", { resId: params.connection_id });
}

registry.category("actions").add("jwt_auth_api.show_connection", showConnection);
