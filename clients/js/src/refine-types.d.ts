/** The types of odoo-jwt-api/refine. They fit those of refine 4 and 5 without importing them. */

import type {Client} from "./types.js";

type Id = number | string;

interface Asked {
    resource: string;
    /** `fields` and `expand` of a read, `etag` of an update or delete. */
    meta?: any;
}

export interface DataProvider {
    getApiUrl(): string;
    getList(
        params: Asked & {
            pagination?: {currentPage?: number; current?: number; pageSize?: number; mode?: string};
            sorters?: {field: string; order: "asc" | "desc"}[];
            filters?: any[];
        },
    ): Promise<{data: any[]; total: number}>;
    getOne(params: Asked & {id: Id}): Promise<{data: any}>;
    getMany(params: Asked & {ids: Id[]}): Promise<{data: any[]}>;
    create(params: Asked & {variables: any}): Promise<{data: any}>;
    createMany(params: Asked & {variables: any[]}): Promise<{data: any[]}>;
    update(params: Asked & {id: Id; variables: any}): Promise<{data: any}>;
    updateMany(params: Asked & {ids: Id[]; variables: any}): Promise<{data: any[]}>;
    deleteOne(params: Asked & {id: Id}): Promise<{data: any}>;
    deleteMany(params: Asked & {ids: Id[]}): Promise<{data: any[]}>;
    /** Any request; `url` is a path of the server, or a full address below that of the client. */
    custom(params: {url: string; method: string; payload?: any; headers?: any}): Promise<{data: any}>;
}

export function dataProvider(odoo: Client<any>): DataProvider;
