# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
{
    "name": "JWT Authentication & API Controllers: an addon with routes of its own, for the guide",
    "version": "19.0.1.0.0",
    "author": "jwt_auth_api contributors",
    "license": "LGPL-3",
    "depends": ["jwt_auth_api"],
    "data": [
        "security/ir.model.access.csv",
        "security/push_device_rules.xml",
        "data/connection_api.xml",
    ],
}
