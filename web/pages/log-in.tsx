import type { FC } from 'hono/jsx'
import { Layout } from '../components/layout.tsx'

export interface LogInView {
  /** Where to go after, an address of ours. */
  next: string
  name: string
  refused: boolean
}

export const LogInPage: FC<{ view: LogInView }> = ({ view }) => (
  <Layout title="Log in" viewer={null}>
    <section class="log-in card" aria-labelledby="log-in">
      <h1 id="log-in">Log in</h1>
      {view.refused ? (
        <p class="refusal" role="alert">
          Name and password do not match, or the account is paused after five wrong tries (the pause grows from 30
          seconds to 15 minutes and ends by itself).
        </p>
      ) : null}
      <form method="post" action="/login">
        <input type="hidden" name="next" value={view.next} />
        <label for="name">Name</label>
        <input id="name" name="name" value={view.name} autocomplete="username" required maxlength={200} autofocus />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          maxlength={1024}
        />
        <button type="submit">Log in</button>
      </form>
      <p class="hint">
        On one machine, <code>npm start</code> prints the name and password.
      </p>
    </section>
  </Layout>
)
