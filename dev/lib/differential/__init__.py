# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The differential: what the API answers is compared with what Odoo's own RPC answers the same user.

`part` prepares databases and starts processes; all other modules run inside of Odoo (`odoo shell`):

- `engine` is the only place that imports the addon, `rpc` the only one that calls Odoo's RPC;
- `ask` puts one question to both of them, each in a transaction that is rolled back;
- `normal` brings Odoo's values into the form of the API: the one place that knows both formats;
- `reads`, `domains`, `orders`, `groups` and `writes` make up the questions and compare the answers (`asker` is what the
  last four have in common);
- `world` makes the callers, and data of kinds that demo data lacks;
- `intended` lists what differs on purpose, each with its reason;
- `run` goes over the models and writes down what it found.
"""
