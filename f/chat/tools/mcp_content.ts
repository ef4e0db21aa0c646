import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client";

/** What a model reads of a tool's result: its texts, one after the other. What is not text is named. */
export function textOfResult({ content, structuredContent }: CallToolResult): string {
  const texts = content.map(textOfBlock).filter((text) => text !== "");
  if (texts.length > 0) return texts.join("\n\n");
  // MCP wants the same as text beside it; a server that leaves it out is read all the same
  return structuredContent === undefined ? "" : JSON.stringify(structuredContent);
}

function textOfBlock(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "resource":
      return "text" in block.resource
        ? block.resource.text
        : `[a file that is not shown: ${block.resource.uri}]`;
    case "resource_link":
      return `[a link to ${block.name}: ${block.uri}]`;
    case "image":
    case "audio":
      return `[${block.type} that is not shown: ${block.mimeType}]`;
  }
}
