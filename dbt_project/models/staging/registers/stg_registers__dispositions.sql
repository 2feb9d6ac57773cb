with records as (

    select * from {{ latest_records('raw_registers', 'dispositions') }} as records

),

final as (

    select
        {{ json_text('payload', '$.exception_id') }} as exception_id,
        {{ json_timestamp('payload', '$.decided_at') }} as decided_at,
        {{ json_text('payload', '$.disposition') }} as disposition,
        {{ json_text('payload', '$.evidence') }} as evidence,
        {{ json_text('payload', '$.root_cause') }} as root_cause,
        {{ json_text('payload', '$.extent') }} as extent,
        {{ json_text('payload', '$.compensating_control') }} as compensating_control,
        {{ json_text('payload', '$.owner') }} as owner,
        {{ json_text('payload', '$.justification') }} as justification,
        {{ json_text('payload', '$.remediation') }} as remediation,
        {{ json_date('payload', '$.due_on') }} as due_on,
        {{ json_text('payload', '$.approved_by') }} as approved_by,
        {{ json_timestamp('payload', '$.approved_at') }} as approved_at,
        {{ json_timestamp('payload', '$.closed_at') }} as closed_at,
        {{ json_text('payload', '$.retest_item_key') }} as retest_item_key,
        {{ json_text('payload', '$.status') }} as status,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
