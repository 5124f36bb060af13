# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The footprint: every model is opened, everything is tried, and each row that changed has to be one that was open.

`part` prepares databases and starts processes; all other modules run inside of Odoo (`odoo shell`):

- `engine` is the only place that imports the addon;
- `world` makes the callers and knows which records each of them may see and write;
- `attempts` makes up what to try;
- `watch` tells which rows a transaction changed, and which code did it;
- `judge` says whether a row may have changed, `excused` what Odoo's own code may change;
- `reads` does the same with what is answered;
- `run` goes over the models and writes down what it found.
"""
