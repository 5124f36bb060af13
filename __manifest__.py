# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
{
    "name": "JWT REST API",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "summary": "Log in over HTTP and work with your records: JWT, refresh tokens, CRUD per model",
    "author": "jwt_auth_api contributors",
    "license": "LGPL-3",
    "depends": ["base_setup"],
    "external_dependencies": {"python": ["PyJWT>=2.7", "passlib>=1.7.4"]},
    "data": [
        "security/jwt_auth_api_groups.xml",
        "security/ir.model.access.csv",
        "views/connection_api_views.xml",
        "views/jwt_session_views.xml",
        "views/res_config_settings_views.xml",
        "views/jwt_auth_api_menus.xml",
    ],
    "assets": {"web.assets_tests": ["jwt_auth_api/static/tests/tours/**/*"]},
    "images": ["static/description/banner.png"],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
