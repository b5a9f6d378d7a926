/** The WebSocket contract by its plain names; the shapes are generated from the server's own union. */
export type {
  AgentView,
  CallView,
  Card,
  CardShown,
  CaseCard,
  ClientCard,
  ClientMessage,
  ContractCard,
  Entitlement,
  InteractionCard,
  LineView,
  LinkView,
  NoteCard,
  OfferCard,
  Pong,
  RevenueMonth,
  ServerMessage,
  Snapshot,
  TierFigures,
  Viewer,
} from './messages.generated'

import type { AgentView, CallView, Pong, ServerMessage, Snapshot } from './messages.generated'

export type Delta = Exclude<ServerMessage, Snapshot | Pong>
export type CallKey = string
/** `<pbx>/<interface>`: two telephone systems may have a phone of the same name each. */
export type AgentKey = string
export type AgentState = AgentView['state']
export type DeviceState = AgentView['device']
export type Stage = CallView['stage']
