import { markRaw, useEffect, useRef, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useDebounced } from "@web/core/utils/timing";
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
    static props = { ...DomainField.props, placeholder: { type: String, optional: true }, focusToEdit: { type: Boolean, optional: true } };

    setup() {
        this.preview = useState({ problem: "", domain: [], count: null });
        // what is being typed is checked before it becomes the value
        this.checkSoon = useDebounced((text) => this.check(this.getResModel(), text.trim() || "[]"), 400);
        super.setup();
        const text = useRef("text");
        useEffect(
            (isFocused) => isFocused && text.el?.querySelector("input")?.focus(),
            () => [this.props.focusToEdit && !this.props.readonly]
        );
    }

    getEvaluatedDomain() {
        return this.preview.domain;
    }

    async checkProps(props = this.props) {
        this.checkSoon.cancel();
        const model = this.getResModel(props);
        if (!model) {
            return this.updateState({});
        }
        await this.check(model, this.getDomain(props));
    }

    async check(model, domain) {
        await this.loadPreview(model, domain);
        const { problem, count } = this.preview;
        const { countLimit } = this.props;
        const limited = count > countLimit;
        this.updateState({
            isValid: !problem,
            recordCount: limited ? countLimit : count ?? false,
            hasLimitedCount: limited,
        });
    }

    async quickValidityCheck(props) {
        await this.loadPreview(this.getResModel(props), this.getDomain(props));
        return !this.preview.problem;
    }

    async loadPreview(...args) {
        const asked = args.join();
        this.asked = asked;
        const preview = await this.orm.silent.call(
            "connection.api.choices",
            "get_filter_preview",
            args
        );
        if (this.asked === asked) {
            Object.assign(this.preview, preview, { domain: markRaw(preview.domain) });
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
        focusToEdit: fieldInfo.options.focus_to_edit,
    }),
};

registry.category("fields").add("api_domain", apiDomainField);
