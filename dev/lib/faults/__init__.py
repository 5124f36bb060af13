# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
