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
export type AgentState = AgentView['state']
export type DeviceState = AgentView['device']
export type Stage = CallView['stage']
