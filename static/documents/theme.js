/* Part of jwt_auth_api. See LICENSE file for full copyright and licensing details. */
// Before the page is drawn: the theme that Odoo's web client keeps in a cookie; without it, that of the system.
"use strict";

(() => {
    const theme = /(?:^|; )color_scheme=(dark|light)(?:;|$)/.exec(document.cookie)?.[1];
    if (theme) document.documentElement.dataset.theme = theme;
})();
