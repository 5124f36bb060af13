import { registry } from "@web/core/registry";
import { CharField } from "@web/views/fields/char/char_field";
import { DomainField, domainField } from "@web/views/fields/domain/domain_field";

/**
 * The record filter of a connection: as text, and in Odoo's editor of domains.
 *
 * A filter may use `user` and other names of the caller, which the browser does not know. So the server
 * checks it, and counts the records that the current user would reach.
 */
export class ApiDomainField extends DomainField {
    static template = "jwt_auth_api.DomainField";
    static components = { ...DomainField.components, CharField };
    static props = { ...DomainField.props, placeholder: { type: String, optional: true } };

    setup() {
        this.preview = { problem: "", domain: [], count: null };
        super.setup();
    }

    getEvaluatedDomain() {
        return this.preview.domain;
    }

    async checkProps(props = this.props) {
        const model = this.getResModel(props);
        if (!model) {
            return this.updateState({});
        }
        await this.loadPreview(props);
        const { problem, count } = this.preview;
        const limited = count > props.countLimit;
        this.updateState({
            isValid: !problem,
            recordCount: limited ? props.countLimit : count ?? false,
            hasLimitedCount: limited,
        });
    }

    async quickValidityCheck(props) {
        await this.loadPreview(props);
        return !this.preview.problem;
    }

    async loadPreview(props) {
        const args = [this.getResModel(props), this.getDomain(props)];
        const asked = args.join();
        this.asked = asked;
        const preview = await this.orm.silent.call(
            "connection.api.choices",
            "get_filter_preview",
            args
        );
        if (this.asked === asked) {
            this.preview = preview;
        }
    }

    get textProps() {
        const { name, record, readonly, placeholder } = this.props;
        return { name, record, readonly, placeholder };
    }
}

export const apiDomainField = {
    ...domainField,
    component: ApiDomainField,
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...domainField.extractProps(fieldInfo, dynamicInfo),
        placeholder: fieldInfo.placeholder || fieldInfo.attrs.placeholder,
    }),
};

registry.category("fields").add("api_domain", apiDomainField);
