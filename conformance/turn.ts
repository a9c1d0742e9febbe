// Knowing that a product has dealt with all that came before: a service beside those of the cases, with an echo behind it.
// Who has been accepted, served and ended there came after everybody who knocked before, at a product whose connections are
// all accepted by one thread (each adapter sees to that).

import { Stage } from './stage.ts';

export class Turn {
  readonly stage: Stage;

  private constructor(stage: Stage) {
    this.stage = stage;
  }

  static async set(hosts: readonly string[]): Promise<Turn> {
    const stage = await Stage.set('turn', {}, hosts, undefined);
    stage.node().serve = (visit) => void visit.socket.pipe(visit.socket);
    return new Turn(stage);
  }

  /** Resolves when the product has had one. */
  async pass(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      const client = await this.stage.client();
      client.say('turn');
      await client.hears('turn');
      client.fin();
      await client.ended();
    }
  }
}
