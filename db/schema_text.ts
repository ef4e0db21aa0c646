export interface TableParts {
  name: string;
  comment: string | null;
  isSecured: boolean;
  isForced: boolean;
  columns: string[];
  constraints: string[];
  indexes: string[];
  policies: string[];
  grants: string[];
  columnComments: string[];
  /** only where it is not that of the column's type */
  columnStorages: string[];
}

export interface FunctionParts {
  /** `name(types)` */
  signature: string;
  definition: string;
  comment: string | null;
  /** Null when it is whoever ran the migrations. */
  owner: string | null;
  isPublic: boolean;
  grantees: string[];
}

export function tableSql(table: TableParts): string {
  const body = [...table.columns, ...table.constraints].map((line) => `  ${line}`).join(",\n");
  const statements = [
    `create table ${table.name} (\n${body}\n)`,
    ...(table.comment === null
      ? []
      : [`comment on table ${table.name} is ${quote(table.comment)}`]),
    ...table.columnComments,
    ...table.columnStorages,
    ...table.indexes,
    ...(table.isSecured ? [`alter table ${table.name} enable row level security`] : []),
    ...(table.isForced ? [`alter table ${table.name} force row level security`] : []),
    ...table.policies,
    ...table.grants,
  ];
  return statements.map((statement) => `${statement};`).join("\n");
}

export function functionSql(made: FunctionParts): string {
  const on = `on function ${made.signature}`;
  const statements = [
    made.definition.trimEnd(),
    ...(made.owner === null ? [] : [`alter function ${made.signature} owner to ${made.owner}`]),
    ...(made.isPublic ? [] : [`revoke all ${on} from public`]),
    ...made.grantees.map((role) => `grant execute ${on} to ${role}`),
    ...(made.comment === null ? [] : [`comment ${on} is ${quote(made.comment)}`]),
  ];
  return statements.map((statement) => `${statement};`).join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
