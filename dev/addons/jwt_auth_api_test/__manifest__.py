# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
{
    "name": "JWT Authentication & API Controllers: a model with every type of field, for its tests",
    "version": "19.0.1.0.0",
    "author": "jwt_auth_api contributors",
    "license": "LGPL-3",
    "depends": ["jwt_auth_api"],
    "data": ["security/ir.model.access.csv"],
}
