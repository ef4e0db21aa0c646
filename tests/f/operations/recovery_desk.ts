import { randomUUID } from "node:crypto";
import { recoverTurns } from "../../../f/operations/recover_turns.ts";
import type { RecoveryClients } from "../../../f/operations/recovery.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import type { SystemAlertRow } from "../../helpers/rows.ts";
import { openShop, type Shop } from "../chat/shop.ts";

/** What recover_turns does for one shop, and the clock that it goes by. */
export class RecoveryDesk {
  readonly posts: string[] = [];
  readonly processed: string[] = [];
  readonly storing: number[] = [];
  readonly shop: Shop;

  constructor(shop: Shop) {
    this.shop = shop;
  }

  clients: RecoveryClients = {
    startFlow: (path, args) => this.shop.startFlow(path, args),
    startProcessing: async (id) => {
      this.processed.push(id);
      return randomUUID();
    },
    startStoring: async (id) => {
      this.storing.push(id);
      return randomUUID();
    },
    postToSlack: async (text) => {
      this.posts.push(text);
    },
    openWhatsApp: async () => () => this.shop.whatsApp,
  };

  run() {
    return this.shop.as((database) => recoverTurns(database, this.clients));
  }

  /** As if everything had happened that much earlier. */
  async passes(time: string): Promise<void> {
    const { db } = this.shop;
    // its trigger sets updated_at to now, whatever an update says
    await db.query("alter table knowledge_sources disable trigger _100_updated_at");
    for (const [table, ...columns] of CLOCKS) {
      const moved = columns.map((column) => `${column} = ${column} - $1::interval`);
      await db.query(`update ${table} set ${moved.join(", ")}`, [time]);
    }
    await db.query("alter table knowledge_sources enable trigger _100_updated_at");
  }

  alerts(): Promise<SystemAlertRow[]> {
    return this.shop.db.query("select * from system_alerts order by id");
  }
}

const CLOCKS = [
  ["webhook_events", "received_at", "sent_at", "recovered_at"],
  ["turns", "lease_expires_at", "recovered_at"],
  ["messages", "status_changed_at"],
  ["knowledge_sources", "updated_at"],
  ["message_media", "created_at", "recovered_at"],
] as const;

/** In a database with nothing else in it: recover_turns looks across all tenants. */
export async function openDesk(db: TestDatabase): Promise<RecoveryDesk> {
  await db.query("delete from system_alerts");
  await db.query("delete from organizations");
  return new RecoveryDesk(await openShop(db));
}
