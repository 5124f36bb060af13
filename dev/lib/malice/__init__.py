# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Whatever a client sends: generated texts for every parser, and generated requests for every route."""
