# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
{
    "name": "JWT Authentication & API Controllers: routes for dev/bench",
    "version": "19.0.1.0.0",
    "author": "jwt_auth_api contributors",
    "license": "LGPL-3",
    "depends": ["jwt_auth_api"],
}
