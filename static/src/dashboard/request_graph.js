import { registry } from "@web/core/registry";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";

/** The colors of results: Odoo would give successful requests the color of a warning. */
const COLORS = { success: "#28a745", refused: "#ffac00", failed: "#dc3545" };

/** A graph of the request log whose bars have the colors of their results. */
export class ApiRequestGraphRenderer extends GraphRenderer {
    getBarChartData() {
        const data = super.getBarChartData();
        const results = new Map(
            this.model.metaData.fields.result.selection.map(([value, label]) => [label, value])
        );
        for (const dataset of data.datasets) {
            const color = COLORS[results.get(dataset.label)];
            if (color) {
                dataset.backgroundColor = color;
            }
        }
        return data;
    }
}

registry.category("views").add("api_request_graph", {
    ...graphView,
    Renderer: ApiRequestGraphRenderer,
});
